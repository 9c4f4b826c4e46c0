// A legend whose entries are switches. Every string of the data becomes a text node or an attribute.

const SVG = "http://www.w3.org/2000/svg";

function drawLine(entry) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 28 8");
  svg.setAttribute("aria-hidden", "true");
  const line = document.createElementNS(SVG, "line");
  const shape = { x1: 0, y1: 4, x2: 28, y2: 4, stroke: entry.colour, "stroke-width": 2.5, "stroke-dasharray": entry.dash };
  for (const [name, value] of Object.entries(shape)) line.setAttribute(name, value);
  svg.append(line);
  return svg;
}

function drawEntry(entry) {
  const button = document.createElement("button");
  button.type = "button";
  button.entry = entry.id;
  button.setAttribute("aria-pressed", String(entry.shown));
  button.title = entry.shown ? "Switch off" : "Switch on";
  const name = document.createElement("span");
  name.append(entry.title);
  button.append(drawLine(entry), name);
  const item = document.createElement("li");
  item.append(button);
  return item;
}

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".legend");
  const focused = [...root.querySelectorAll("button")].indexOf(root.querySelector("button:focus"));
  root.setAttribute("aria-label", "Lines in the curves");
  root.replaceChildren(...data.entries.map(drawEntry));
  root.onclick = (event) => {
    const button = event.target.closest("button");
    if (button) setTriggerValue("switch", button.entry);
  };
  if (focused >= 0) root.querySelectorAll("button")[focused]?.focus();
}
