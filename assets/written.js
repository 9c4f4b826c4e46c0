// A prompt and what a model has written after it, each written token a button. Every string of the data becomes a text
// node or an attribute, so that a text can never become markup.

function drawToken(token, place, busy) {
  const node = element(busy ? "span" : "button", token.special ? "token special" : "token", token.text);
  node.style.setProperty("--doubt", token.doubt);
  if (busy) return node;
  node.type = "button";
  node.tabIndex = -1;
  node.dataset.place = place;
  node.dataset.tip = token.tip;
  node.setAttribute("aria-label", token.label);
  node.setAttribute("aria-pressed", String(token.chosen));
  return node;
}

// One tab stop for the text: the arrow keys walk from token to token.
function watchKeys(text) {
  const buttons = [...text.querySelectorAll("button")];
  const first = buttons.find((one) => one.getAttribute("aria-pressed") === "true") ?? buttons[0];
  if (first) first.tabIndex = 0;
  text.onkeydown = (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const here = buttons.indexOf(event.target);
    if (!step || here < 0) return;
    event.preventDefault();
    event.stopPropagation();
    const next = buttons[Math.max(0, Math.min(buttons.length - 1, here + step))];
    for (const button of buttons) button.tabIndex = button === next ? 0 : -1;
    next.focus();
  };
}

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".written");
  root.setAttribute("aria-busy", String(data.busy));
  const focused = root.querySelector("button:focus")?.dataset.place;
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
  if (focused !== undefined) root.querySelector(`button[data-place="${focused}"]`)?.focus();
}
