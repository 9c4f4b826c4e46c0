// What has ended and nobody has looked at: its number before the tab's title and at Jobs in the sidebar, and, where a
// person has asked for it, a notification of each.

const STYLE = `[data-testid="stSidebarNavLink"][data-news]::after {
  content: attr(data-news); margin-left: auto; min-width: 1.5em; padding: 0 0.4em; text-align: center;
  border: 1px solid currentColor; border-radius: 1em; font-size: 0.75rem; line-height: 1.5; }`;
const bare = (title) => title.replace(/^\(\d+\) /, "");

function dressed() {
  if (document.getElementById("bcos-news")) return;
  const style = document.createElement("style");
  style.id = "bcos-news";
  style.textContent = STYLE;
  document.head.append(style);
}

let count = 0;
let timer = null;

function mark() {
  const title = count ? `(${count}) ${bare(document.title)}` : bare(document.title);
  if (document.title !== title) document.title = title;
  const link = document.querySelector('[data-testid="stSidebarNavLink"][href$="/jobs"]');
  if (!link) return;
  if (count) {
    link.dataset.news = count;
    link.setAttribute("aria-label", `Jobs, ${count} ended and not looked at`);
  } else if (link.dataset.news) {
    delete link.dataset.news;
    link.removeAttribute("aria-label");
  }
}

function notify(jobs) {
  const seen = new Set(JSON.parse(sessionStorage.getItem("bcos-notified") ?? "null") ?? jobs.map((job) => job.id));
  const wanted = localStorage.getItem("bcos-notify") === "yes" && window.Notification?.permission === "granted";
  for (const job of jobs) {
    if (seen.has(job.id)) continue;
    seen.add(job.id);
    if (wanted && !document.hasFocus()) new Notification(`${job.title} ${job.said}`, { tag: job.id });
  }
  sessionStorage.setItem("bcos-notified", JSON.stringify([...seen]));
}

export default function ({ data }) {
  const jobs = data?.jobs ?? [];
  count = jobs.length;
  dressed();
  mark();
  notify(jobs);
  // Streamlit writes the title of each page that is opened, and draws the sidebar anew where it is folded out. One timer
  // whatever comes: what is returned here is called when this leaves the page, not when other jobs come.
  timer ??= setInterval(mark, 500);
  return () => {
    clearInterval(timer);
    timer = null;
  };
}
