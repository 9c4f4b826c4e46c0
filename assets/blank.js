// Where Streamlit's own page throws while it draws, all of it is taken away, and the window stays blank. What it showed
// stands in the address bar: it is loaded anew, unless that was just done and has not helped.
const AGAIN_MS = 30000;
const DONE = "bcos-loaded-anew";

export default function () {
  const root = document.getElementById("root");
  if (!root || root.dataset.watched) return; // one for the window, which outlives all that is drawn in it
  root.dataset.watched = "yes";
  new MutationObserver(() => {
    if (root.childElementCount || Date.now() - Number(sessionStorage.getItem(DONE)) < AGAIN_MS) return;
    sessionStorage.setItem(DONE, String(Date.now()));
    location.reload();
  }).observe(root, { childList: true });
}
