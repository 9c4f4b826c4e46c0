// One panel: whose heatmap it is, the prediction, the text as coloured words, the scale, and what it adds up to. As a
// row of a grid it shows its method and its text, and unfolds the rest. Every string of the data becomes a text node or an attribute, so that a text can never become markup.

function drawHead(panel) {
  const title = element("h3", "title", panel.method);
  if (!panel.folds && !panel.pending) title.append(element("span", "model", panel.model));
  const figures = element("span", "figures");
  if (panel.change) figures.append(drawChange(panel.change, panel.scale));
  if (panel.mark) {
    const mark = element("span", panel.mark.exact ? "mark exact" : "mark", panel.mark.text);
    mark.dataset.tip = panel.mark.tip;
    figures.append(mark);
  }
  if (panel.pending) figures.append(element("span", "time", panel.pending));
  if (panel.folds) {
    const time = element("span", "time", panel.time);
    time.dataset.tip = panel.cost;
    const fold = element("button", "fold");
    fold.type = "button";
    fold.setAttribute("aria-label", `Details of ${panel.method}, ${panel.model}`);
    figures.append(...(panel.change ? [] : [time]), fold); // beside a change there is no room; the details have it
  }
  const head = element("header", "head", title, figures);
  return head;
}

// What the heatmap predicts for the struck words, on the scale that all rows of the model share: a bar from the middle,
// and a mark where the real change is. The head of the column says how much the whole length is (answer.js), once all
// rows are known; until then it is what this row needs.
function drawChange(change, scale) {
  const own = Math.max(Math.abs(change.predicted), Math.abs(change.real)) || 1;
  const share = (value) => `min(1, ${Math.abs(value)} / var(${scale}, ${own}))`;
  const fill = element("span", change.predicted < 0 ? "fill negative" : "fill positive");
  fill.style.width = `calc(50% * ${share(change.predicted)})`;
  const real = element("span", "real");
  real.style.left = `calc(50% + ${Math.sign(change.real) * 50}% * ${share(change.real)})`;
  const box = element("span", "change", change.text, element("span", "track zero", fill, real));
  box.dataset.tip = change.tip;
  return box;
}

// What is seen only while the panel is unfolded: at once in the browser, the table below it when the server has it.
function watchFold(root, open, tell) {
  const fold = root.querySelector(".fold");
  const show = (unfolded) => {
    root.classList.toggle("folded", !unfolded);
    fold.setAttribute("aria-expanded", String(unfolded));
  };
  show(open);
  fold.onclick = () => {
    const unfolded = root.classList.contains("folded");
    show(unfolded);
    tell(unfolded);
  };
}

function drawPrediction(bars) {
  const list = element("ul", "prediction");
  for (const bar of bars) {
    const fill = element("span", "fill");
    fill.style.width = `${bar.share * 100}%`;
    const label = element("span", "label", bar.label);
    if (bar.explained) label.append(element("span", "explained", bar.explained));
    const row = element("li", bar.answers ? "answers" : "", label);
    row.append(element("span", "track", fill), element("span", "value", bar.value));
    row.title = bar.help;
    list.append(row);
  }
  return list;
}

function drawUnit(unit) {
  const button = element("button", unit.score < 0 ? "unit against" : "unit supports", unit.text);
  button.type = "button";
  button.tabIndex = -1;
  button.dataset.start = unit.start;
  button.dataset.end = unit.end;
  button.dataset.score = unit.score;
  button.dataset.tip = unit.tip;
  button.setAttribute("aria-label", unit.label);
  button.setAttribute("aria-pressed", String(unit.struck));
  button.style.setProperty("--light", unit.light);
  button.style.setProperty("--dark", unit.dark);
  button.style.setProperty("--strength", unit.strength);
  if (unit.band) drawBand(button, unit.band);
  return button;
}

// What several seeds leave open: a strip in the colours of both ends, or a whisker on the bar.
function drawBand(button, band) {
  button.classList.add("banded");
  button.classList.toggle("unsettled", band.unsettled);
  for (const [index, end] of ["low", "high"].entries()) {
    button.style.setProperty(`--${end}`, band[end]);
    button.style.setProperty(`--${end}-light`, band.light[index]);
    button.style.setProperty(`--${end}-dark`, band.dark[index]);
  }
  button.append(element("span", "whisker"));
}

function drawRun(run) {
  if (run.kind === "unit") return element("span", run.breaks ? "sentence" : "word", ...run.units.map(drawUnit));
  if (run.kind === "gap") return document.createTextNode(run.text);
  const span = element("span", run.kind, run.text);
  if (run.kind === "heading") span.append(element("span", "share", run.share));
  span.dir = run.kind === "added" ? "ltr" : "auto"; // an added token must not decide the direction of the text
  span.dataset.tip = run.tip;
  return span;
}

// A button hides its letters from the browser's ordering of mixed scripts, so that words in a row that run against the
// direction of the text would be shown last to first: words of one direction are wrapped together.
const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/;
const LETTER = /\p{L}/u;

function directionOf(run, node) {
  if (run.kind !== "unit") return null;
  if (RIGHT_TO_LEFT.test(node.textContent)) return "rtl";
  return LETTER.test(node.textContent) ? "ltr" : "";
}

function drawText(runs, presentation) {
  const text = element("p", `text ${presentation}`);
  text.dir = "auto";
  let group = null;
  let between = []; // spaces, signs and figures go with the words on both sides where these have one direction
  for (const run of runs) {
    const node = drawRun(run);
    const direction = directionOf(run, node);
    if (direction && group?.classList.contains(direction)) {
      group.append(...between, node);
      between = [];
    } else if (direction) {
      group = element("span", `bidi ${direction}`, node);
      text.append(...between, group);
      between = [];
    } else if (run.kind === "gap" || direction === "") {
      between.push(node);
    } else {
      text.append(...between, node);
      between = [];
      group = null;
    }
  }
  text.append(...between);
  const first = text.querySelector("button");
  if (first) first.tabIndex = 0;
  return text;
}

function drawFailure(reason) {
  const box = element("p", "failure", element("strong", "", "Failed."), ` ${reason}`);
  box.setAttribute("role", "status");
  return box;
}

function drawLegend(legend, presentation) {
  const strip = element("span", `strip ${presentation}`);
  strip.style.setProperty("--light", legend.light);
  strip.style.setProperty("--dark", legend.dark);
  const numbers = element("span", "numbers", ...legend.numbers.map((n) => element("span", "", n)));
  const ends = element("span", "ends", ...legend.ends.map((word) => element("span", "", word)));
  const box = element("div", "legend", numbers, strip, ends, element("p", "rule", legend.rule));
  if (legend.band) box.append(element("p", "rule", legend.band));
  return box;
}

// Labelled bars from a common zero: the same length is the same number of logits.
function drawBars(block) {
  const list = element("ul", "bars-list");
  for (const bar of block.bars) {
    const fill = element("span", bar.value < 0 ? "fill negative" : "fill positive");
    fill.style.width = `${bar.share * 50}%`;
    const row = element("li", "", element("span", "label", bar.label), element("span", "track zero", fill));
    row.append(element("span", "value", bar.shown));
    list.append(row);
  }
  const box = element("div", `block ${block.kind}`, element("p", "caption", block.title), list);
  if (block.note) box.append(element("p", "note", block.note));
  return box;
}

// One tab stop per panel: the arrow keys walk from word to word (and do not change the example meanwhile).
function watchKeys(text) {
  const buttons = [...text.querySelectorAll("button")];
  text.onkeydown = (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const here = buttons.indexOf(event.target);
    if (!step || here < 0) return;
    event.preventDefault();
    event.stopPropagation();
    const forward = getComputedStyle(text).direction === "rtl" ? -step : step;
    buttons[Math.max(0, Math.min(buttons.length - 1, here + forward))].focus();
  };
  text.onfocusin = (event) => {
    for (const button of buttons) button.tabIndex = button === event.target ? 0 : -1;
  };
}

// A row shows the first lines of a long text, and all of it after a click or once a word below them has the focus.
function foldText(root, text) {
  const more = element("button", "more");
  more.type = "button";
  const box = element("div", "long", text, more);
  const show = (whole) => {
    root.dataset.whole = String(whole);
    box.classList.toggle("whole", whole);
    more.textContent = whole ? "Show less" : "Show all";
    more.setAttribute("aria-expanded", String(whole));
  };
  show(root.dataset.whole === "true");
  more.onclick = () => show(!box.classList.contains("whole"));
  text.addEventListener("focusin", (event) => {
    const below = event.target.getBoundingClientRect().bottom > text.getBoundingClientRect().bottom + 2;
    if (below || text.scrollTop) {
      text.scrollTop = 0;
      show(true);
    }
  });
  new ResizeObserver(() => {
    box.classList.toggle("cut-short", text.scrollHeight > text.clientHeight + 2);
  }).observe(text);
  return box;
}

// The last clicks on words, each with its time: of several that come while the server is busy it hears the last message
// alone.
const TOLD = 20;
function told(root, { start, end }, drawn) {
  const clicks = root.clicks ?? [];
  const at = Math.max(performance.now(), (clicks.at(-1)?.at ?? 0) + 1);
  root.clicks = [...clicks, { at, start: Number(start), end: Number(end), drawn }].slice(-TOLD);
  return root.clicks;
}

export default function ({ data, parentElement, setTriggerValue, setStateValue }) {
  const root = parentElement.querySelector(".panel");
  root.setAttribute("aria-label", `${data.method}, ${data.model}`);
  root.setAttribute("aria-busy", String(Boolean(data.pending)));
  root.classList.toggle("row", Boolean(data.folds || data.pending));
  const text = drawText(data.runs, data.presentation);
  if (data.pending) {
    root.replaceChildren(drawHead(data), foldText(root, text));
    return;
  }
  const focused = root.querySelector("button.unit:focus")?.dataset.start;
  const folding = root.querySelector(".fold:focus") !== null;
  const sameWord = (one, other) => one.dataset.start !== undefined && one.dataset.start === other.dataset.start;
  watchClicks(root, sameWord, ({ dataset }) => {
    if (dataset.start !== undefined) setTriggerValue("strike", { clicks: told(root, dataset, data.drawn) });
  });
  const blocks = data.blocks.map(drawBars);
  root.replaceChildren(drawHead(data));
  if (!data.folds) root.append(drawPrediction(data.prediction));
  if (data.failure) root.append(drawFailure(data.failure));
  root.append(data.folds ? foldText(root, text) : text);
  const details = element("div", "details");
  const notes = data.notes.map((note) => element("p", "note", note));
  if (!data.folds) root.append(...notes);
  if (data.folds) details.append(drawPrediction(data.prediction));
  if (data.legend) details.append(drawLegend(data.legend, data.presentation));
  if (data.folds) details.append(...notes);
  details.append(...blocks, element("p", "cost", data.cost));
  root.append(details);
  watchKeys(text);
  watchTips(root);
  if (data.folds) watchFold(root, data.open, (open) => setStateValue("open", open));
  if (focused !== undefined) root.querySelector(`button[data-start="${focused}"]`)?.focus();
  if (folding) root.querySelector(".fold")?.focus();
}
