// One item of a study: the text (once or twice), the model's answer, and the questions. Every answer is sent as it
// is given, with a key of its own: whatever is sent twice counts once.
// Every string of the data becomes a text node or an attribute, so that a text can never become markup.

function drawUnit(unit) {
  const word = element("span", unit.strength < 0 ? "unit against" : "unit supports", unit.text);
  word.style.setProperty("--colour", unit.colour);
  if (unit.strength !== 0) word.title = unit.label;
  return word;
}

function drawRun(run) {
  if (run.kind === "unit") return element("span", "word", ...run.units.map(drawUnit));
  return run.kind === "gap" ? document.createTextNode(run.text) : element("span", run.kind, run.text);
}

function drawLegend(legend) {
  const strip = element("span", "strip");
  strip.style.setProperty("--colour", legend.colour);
  const ends = element("span", "ends", ...legend.ends.map((end) => element("span", "", end)));
  return element("div", "legend", strip, ends);
}

function drawPanel(panel, title) {
  const box = element("article", "shown");
  if (title) box.append(element("h2", "side", title));
  const text = element("p", "text", ...panel.runs.map(drawRun));
  text.dir = "auto";
  box.append(text);
  for (const note of panel.notes) box.append(element("p", "note", note));
  if (panel.legend) box.append(drawLegend(panel.legend));
  return box;
}

// One stop for Tab: the answer that was given, else the first that can be. Up and Down move from there and choose
// nothing, because an answer is saved as soon as it is given; Left and Right turn the items, as their buttons say.
function moveByArrows(row, buttons) {
  const open = buttons.filter((button) => !button.disabled);
  const stopAt = (stop) => { for (const button of buttons) button.tabIndex = button === stop ? 0 : -1; };
  stopAt(open.find((button) => button.getAttribute("aria-checked") === "true") ?? open[0]);
  row.addEventListener("focusin", ({ target }) => stopAt(target));
  row.addEventListener("keydown", (event) => {
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!step || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault(); // the page stays where it is
    open[(open.indexOf(event.target) + step + open.length) % open.length].focus();
  });
}

// `taken` are the values that cannot be chosen here, because another question has them.
function drawQuestion(question, answered, taken, choose) {
  const group = element("fieldset", "question");
  group.disabled = question.closed;
  group.append(element("legend", "", question.prompt));
  const row = element("div", "choices");
  row.setAttribute("role", "radiogroup");
  row.setAttribute("aria-label", question.prompt);
  const buttons = question.choices.map((choice, place) => {
    const button = element("button", "choice", element("span", "key", String(place + 1)), element("span", "", choice.label));
    button.type = "button";
    button.setAttribute("role", "radio");
    button.setAttribute("aria-checked", String(choice.value === answered));
    button.disabled = taken.includes(choice.value);
    button.dataset.choice = `${question.name}-${place}`;
    button.onclick = () => choose(question, choice.value);
    return button;
  });
  row.append(...buttons);
  moveByArrows(row, buttons);
  group.append(row);
  return group;
}

// crypto.randomUUID is missing where a page is not served over https; getRandomValues is everywhere.
const newKey = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");

const RESEND_AFTER_MS = 2000;
const LONGEST_PAUSE_MS = 16000;

let lastShown = null; // the item on the screen before this one
let hasTurned = false; // whether there was another one before: who has just come loses nothing

export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".item");
  root.stop?.(); // new data call this again without a word to the call before
  if (root.shownSlot !== data.slot) Object.assign(root, { shownSlot: data.slot, given: [] });
  root.given = root.given.filter(({ key }) => !data.refused.includes(key));
  // What was chosen here is shown at once, until what is stored comes with the data.
  const chosen = {};
  const isWaiting = ({ key }) => !data.taken.includes(key);
  for (const answer of root.given) chosen[answer.question] = answer.value;
  Object.assign(chosen, data.answers);
  for (const answer of root.given.filter(isWaiting)) chosen[answer.question] = answer.value;

  const takenFrom = (question) =>
    data.distinct ? data.questions.filter(({ name }) => name !== question.name).map(({ name }) => chosen[name]) : [];
  const choose = (question, value) => {
    if (question.closed || chosen[question.name] === value || takenFrom(question).includes(value)) return;
    chosen[question.name] = value;
    root.given = [...root.given, { slot: data.slot, question: question.name, value, key: newKey() }];
    draw();
    send();
  };

  // All that was given here is sent each time. While the server is away nothing goes out, and nobody says so: what
  // has not come back as taken is sent again, ever more slowly, because each time interrupts what the server does.
  let timer, resendAfter = RESEND_AFTER_MS;
  const send = () => {
    setStateValue("given", root.given);
    watch();
  };
  const watch = () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      tell("Not saved yet. Your answer is kept here and sent again until it is saved; keep this page open.");
      resendAfter = Math.min(2 * resendAfter, LONGEST_PAUSE_MS);
      send();
    }, resendAfter);
  };

  const status = element("p", "status");
  status.setAttribute("role", "status");
  const tell = (text) => { if (status.textContent !== text) status.textContent = text; };

  const howToAnswer = matchMedia("(pointer: coarse)").matches
    ? "Tap an answer" : "Answer with the mouse, or with the number keys";

  const draw = () => {
    const held = root.getRootNode().activeElement?.dataset.choice; // what is drawn anew must not lose the keyboard
    const panels = element("div", `panels ${data.panels.length > 1 ? "two" : "one"}`);
    data.panels.forEach((panel, place) => panels.append(drawPanel(panel, data.sides[place])));
    const parts = [panels];
    if (data.answer) {
      const line = element("p", "answer", "The model’s answer: ", element("strong", "", data.answer.label));
      if (data.answer.probability !== null) line.append(` (${data.answer.probability})`);
      parts.unshift(line);
    }
    const questions = data.questions.map((question) =>
      drawQuestion(question, chosen[question.name], takenFrom(question), choose));
    root.replaceChildren(...parts, ...questions, ...(questions.length ? [status] : []));
    if (held) (root.querySelector(`[data-choice="${CSS.escape(held)}"]`) ?? root).focus({ preventScroll: true });
    if (root.given.some(isWaiting)) tell("Saving …");
    else tell(Object.keys(data.answers).length ? "Saved" : howToAnswer);
  };

  // Number keys answer the first question that has no answer yet. They change none: a key that comes while the next
  // item is still on its way would change an answer of this one.
  const onKey = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    if (event.target.closest?.("input, textarea")) return;
    const question = data.questions.find(({ name, closed }) => !closed && chosen[name] === undefined);
    // Where the heatmaps have letters, the letters answer too.
    const choice = /^[1-9]$/.test(event.key)
      ? question?.choices[Number(event.key) - 1]
      : data.distinct && question?.choices.find(({ label }) => label === event.key.toUpperCase());
    if (choice) {
      event.preventDefault();
      choose(question, choice.value);
    }
  };
  const onLeave = (event) => { if (root.given.some(isWaiting)) event.preventDefault(); };
  draw();
  // The keyboard goes on at the new item: the button that led to it is off until that has its answers, and the choice
  // that had the keyboard is gone, or goes as soon as this one stands. A field that somebody types in keeps it.
  root.tabIndex = -1;
  root.setAttribute("aria-label", "The text, and what is asked about it");
  const isTurned = lastShown !== null && lastShown !== data.slot;
  hasTurned ||= isTurned;
  const at = document.activeElement;
  const isLost = at === document.body || (at?.shadowRoot && at !== root.getRootNode().host);
  if ((hasTurned && isLost) || (isTurned && at?.matches('[data-testid="stButton"] button'))) root.focus({ preventScroll: true });
  lastShown = data.slot;
  if (root.given.some(isWaiting)) watch();
  document.addEventListener("keydown", onKey);
  window.addEventListener("beforeunload", onLeave);
  const stop = () => {
    clearTimeout(timer);
    document.removeEventListener("keydown", onKey);
    window.removeEventListener("beforeunload", onLeave);
  };
  root.stop = stop;
  return stop;
}
