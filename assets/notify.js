// The button that asks for notifications. It is not there where a browser has none, or a person has refused for good.

const KEY = "bcos-notify";

export default function ({ parentElement }) {
  const button = parentElement.querySelector("button");
  const draw = () => {
    const permission = window.Notification?.permission ?? "denied";
    const on = permission === "granted" && localStorage.getItem(KEY) === "yes";
    button.hidden = permission === "denied";
    button.textContent = on ? "Stop notifying me" : "Notify me when a job ends";
    button.setAttribute("aria-pressed", String(on));
    return on;
  };
  button.onclick = async () => {
    if (draw()) {
      localStorage.setItem(KEY, "no");
    } else if ((await Notification.requestPermission()) === "granted") {
      localStorage.setItem(KEY, "yes");
    }
    draw();
  };
  draw();
}
