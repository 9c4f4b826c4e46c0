// A prompt and what a model has written after it, each written token a button. Every string of the data becomes a text
// node or an attribute, so that a text can never become markup.

// A line break is a token like others: a sign stands for it, or there would be nothing to click.
function withBreaks(text) {
  return text.split(/(\n)/).map((part) => (part === "\n" ? element("span", "break", part) : part));
}

// Not a <button>: that is a box of its own, in which a line break would end no line of the text.
function drawToken(token, place, busy) {
  const kind = token.special ? "token special" : token.mark ? "token mark" : "token";
  const node = element("span", kind, ...withBreaks(token.text));
  node.style.setProperty("--doubt", token.doubt);
  if (busy) return node;
  node.setAttribute("role", "button");
  node.tabIndex = -1;
  node.dataset.place = place;
  node.dataset.tip = token.tip;
  node.setAttribute("aria-label", token.label);
  node.setAttribute("aria-pressed", String(token.chosen));
  return node;
}

// One tab stop for the text: the arrow keys walk from token to token, Enter and the space bar press one.
function watchKeys(text) {
  const buttons = [...text.querySelectorAll("[role=button]")];
  const first = buttons.find((one) => one.getAttribute("aria-pressed") === "true") ?? buttons[0];
  if (first) first.tabIndex = 0;
  text.onkeydown = (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const here = buttons.indexOf(event.target);
    const pressed = event.key === "Enter" || event.key === " ";
    if (!(step || pressed) || here < 0) return;
    event.preventDefault();
    event.stopPropagation();
    if (pressed) {
      if (event.repeat) return;
      event.target.click();
      return;
    }
    const next = buttons[Math.max(0, Math.min(buttons.length - 1, here + step))];
    for (const button of buttons) button.tabIndex = button === next ? 0 : -1;
    next.focus();
  };
}

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".written");
  root.setAttribute("aria-busy", String(data.busy));
  const focused = root.querySelector("[role=button]:focus")?.dataset.place;
  const text = element("p", "text", element("span", "prompt", data.prompt));
  text.dir = "auto";
  text.append(data.between, ...data.tokens.map((token, place) => drawToken(token, place, data.busy)));
  root.replaceChildren(text);
  if (data.end) root.append(element("p", "end", data.end));
  if (data.busy) return;
  watchClicks(root, (one, other) => one.dataset.place === other.dataset.place, ({ dataset }) => {
    setTriggerValue("token", { place: Number(dataset.place), drawn: data.drawn });
  });
  watchKeys(text);
  watchTips(root, (owner) => owner.getClientRects()[0]); // of a token that goes over two lines, its first part
  if (focused !== undefined) root.querySelector(`[role=button][data-place="${focused}"]`)?.focus();
}
