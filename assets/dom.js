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
