// What several components draw with: it stands before each one's own script.

const element = (tag, className, ...children) => {
  const node = document.createElement(tag);
  if (className) node.className = className;
  node.append(...children);
  return node;
};

// One tip for all that is under `root` with a data-tip, above what the pointer or the focus is on; `placeOf` is where on
// the screen that is.
function watchTips(root, placeOf = (owner) => owner.getBoundingClientRect()) {
  const tip = element("div", "tip");
  tip.setAttribute("role", "presentation");
  tip.hidden = true;
  root.append(tip);
  const show = (event) => {
    const owner = event.target.closest?.("[data-tip]");
    tip.hidden = !owner;
    if (!owner) return;
    tip.textContent = owner.dataset.tip;
    const box = root.getBoundingClientRect();
    const place = placeOf(owner);
    const middle = place.left + place.width / 2 - box.left - tip.offsetWidth / 2;
    tip.style.left = `${Math.max(0, Math.min(middle, box.width - tip.offsetWidth))}px`;
    tip.style.top = `${place.top - box.top - tip.offsetHeight - 4}px`;
  };
  root.onpointerover = show;
  root.onfocusin = show;
  root.onpointerleave = root.onfocusout = () => { tip.hidden = true; };
}

// Clicks on the buttons under `root`, of a double click the first. A button that is drawn anew while it is held down, as
// `same` says, is clicked all the same: the browser tells of no click then.
const DOUBLE_CLICK = 500; // milliseconds
function watchClicks(root, same, act) {
  const buttonOf = (event) => event.target.closest?.("button, [role=button]");
  root.onpointerdown = (event) => { root.held = buttonOf(event); };
  root.onpointerup = (event) => {
    const { held } = root;
    const button = buttonOf(event);
    root.held = null;
    if (!held || held.isConnected || !button || !same(button, held)) return;
    if (event.timeStamp - (root.acted ?? -DOUBLE_CLICK) < DOUBLE_CLICK && same(button, root.last)) return;
    act(button);
  };
  root.onclick = (event) => {
    const button = buttonOf(event);
    if (!button || event.detail > 1) return; // the second click of a double click would take back the first
    Object.assign(root, { acted: event.timeStamp, last: button });
    act(button);
  };
}
