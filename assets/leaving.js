// What was typed into a field is sent when the field is left, and a click on another page right after it. Where the
// server has not begun the first when the second arrives, it makes one run of both and keeps nothing of the first. The
// click therefore waits until a run has begun, a second at most.
const LONGEST_WAIT_MS = 1000;
const FIELDS = "input:not([type=checkbox], [type=radio], [type=file]), textarea";
const PAGES = '[data-testid="stSidebarNavLink"], [data-testid="stPageLink-NavLink"]';

export default function () {
  let entered = null; // what the field said when it was last known to the server
  let unheard = false; // whether a field was left changed, and no run has begun since
  let held = null; // the link whose click waits
  let patience = null;

  const pass = () => {
    clearTimeout(patience);
    const link = held;
    unheard = false;
    held = null;
    if (link?.isConnected) link.click();
  };
  const enter = ({ target }) => {
    if (target.matches?.(FIELDS)) entered = target.value;
  };
  const commit = ({ key, target }) => {
    if (key === "Enter" && target.matches?.("input")) entered = target.value;
  };
  const leave = ({ target }) => {
    if (!target.matches?.(FIELDS) || target.value === entered) return;
    unheard = true;
    clearTimeout(patience);
    patience = setTimeout(pass, LONGEST_WAIT_MS);
  };
  const hold = (event) => {
    const link = event.target.closest?.(PAGES);
    if (!link || !unheard || event.ctrlKey || event.metaKey || event.shiftKey) return; // those open another tab
    event.preventDefault();
    event.stopImmediatePropagation();
    held = link;
  };

  const app = document.querySelector('[data-testid="stApp"]');
  const runs = new MutationObserver(() => {
    if (unheard && app.dataset.testScriptState === "running") pass();
  });
  if (app) runs.observe(app, { attributeFilter: ["data-test-script-state"] });
  const heard = [["focusin", enter], ["keydown", commit], ["focusout", leave], ["click", hold]];
  for (const [kind, hear] of heard) document.addEventListener(kind, hear, true);
  return () => {
    runs.disconnect();
    pass();
    for (const [kind, hear] of heard) document.removeEventListener(kind, hear, true);
  };
}
