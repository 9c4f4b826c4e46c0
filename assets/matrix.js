// Methods and scores of each model as a table of buttons. Every string of the data becomes a text node or an attribute,
// so that a name can never become markup.

function drawCell(cell, column) {
  const button = element("button", cell.best ? "best" : "", cell.text);
  button.type = "button";
  button.tabIndex = -1;
  button.dataset.tip = cell.label;
  button.setAttribute("aria-label", cell.label);
  button.setAttribute("aria-pressed", String(cell.chosen));
  button.style.setProperty("--light", cell.light);
  button.style.setProperty("--dark", cell.dark);
  button.choice = cell.choice;
  const box = element("td", "", button);
  box.dataset.title = column.title; // shown above the number where a row is not wide enough for a line
  return box;
}

function drawModel(model) {
  const names = model.columns.map((column) => {
    const head = element("th", "", column.title, element("span", "direction", column.direction));
    head.scope = "col";
    return head;
  });
  const first = element("th", "method", "Method");
  first.scope = "col";
  const rows = model.rows.map((row) => {
    const head = element("th", "method", row.title, element("span", "direction", row.note));
    head.scope = "row";
    return element("tr", "", head, ...row.cells.map((cell, place) => drawCell(cell, model.columns[place])));
  });
  return element("div", "lane", element(
    "table", "", element("caption", "", model.name),
    element("thead", "", element("tr", "", first, ...names)), element("tbody", "", ...rows),
  ));
}

// One tab stop for each table: the arrow keys walk from number to number.
function watchKeys(table) {
  const rows = [...table.tBodies[0].rows].map((row) => [...row.querySelectorAll("button")]);
  const all = rows.flat();
  (all.find((button) => button.getAttribute("aria-pressed") === "true") ?? all[0]).tabIndex = 0;
  table.onkeydown = (event) => {
    const [down, right] = { ArrowDown: [1, 0], ArrowUp: [-1, 0], ArrowRight: [0, 1], ArrowLeft: [0, -1] }[event.key] ?? [0, 0];
    const line = rows.findIndex((row) => row.includes(event.target));
    if (line < 0 || (!down && !right)) return;
    event.preventDefault();
    event.stopPropagation();
    const next = rows[line + down]?.[rows[line].indexOf(event.target) + right];
    if (!next) return;
    for (const button of all) button.tabIndex = button === next ? 0 : -1;
    next.focus();
  };
}

// A column of the table needs this much for its title, in widths of the letter 0, and the methods' names twice as much;
// the data may say otherwise. In a block a number needs a little less, and of a table that scrolls a phone shows too
// little.
const COLUMN = 15;
const NUMBER = 14;
const PHONE = 65;

function watchWidth(root, columns, column = COLUMN) {
  const letter = 0.55 * parseFloat(getComputedStyle(root).fontSize);
  const fit = () => {
    const letters = root.clientWidth / letter;
    const narrow = letters < (columns + 2) * column;
    const scrolls = narrow && letters > PHONE && columns * NUMBER > letters;
    root.classList.toggle("scrolls", scrolls);
    root.classList.toggle("narrow", narrow && !scrolls);
  };
  fit();
  root.observer?.disconnect(); // of an earlier drawing
  root.observer = new ResizeObserver(fit);
  root.observer.observe(root);
}

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".matrix");
  const focused = [...root.querySelectorAll("button")].indexOf(root.querySelector("button:focus"));
  const tables = data.models.map(drawModel);
  root.replaceChildren(...tables);
  root.onclick = (event) => {
    const button = event.target.closest("button");
    if (button) setTriggerValue("choice", button.choice);
  };
  tables.forEach((lane) => watchKeys(lane.firstChild));
  watchTips(root);
  if (focused >= 0) root.querySelectorAll("button")[focused]?.focus();
  watchWidth(root, data.models[0]?.columns.length ?? 0, data.column);
}
