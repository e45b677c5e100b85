"use strict";
// Keeps the panel up to date, and fetches the report again when it has changed. Without this script, the page shows the
// state at the time when it was opened.
(() => {
  const panel = document.getElementById("live-panel");
  const sign = document.getElementById("live-sign");
  const report = () => document.getElementById("live-report");
  const name = (details) => details.id || (details.querySelector("summary") || details).textContent;
  let fetching = false;

  const renew = async () => {
    if (fetching) return;
    fetching = true;
    try {
      const reply = await fetch("./", { cache: "no-store" });
      if (!reply.ok) return;
      const text = await reply.text();
      const fresh = new DOMParser().parseFromString(text, "text/html").getElementById("live-report");
      const old = report();
      const open = new Set(Array.from(old.querySelectorAll("details[open]"), name));
      fresh.querySelectorAll("details").forEach((one) => { one.open = open.has(name(one)); });
      const tools = old.querySelector("nav .tools");
      if (tools) fresh.querySelector("nav").append(tools);
      old.replaceWith(fresh);
    } catch {
      // The next event tries again.
    } finally {
      fetching = false;
    }
  };

  const events = new EventSource("events");
  events.onopen = () => { sign.textContent = "live"; };
  events.onerror = () => { sign.textContent = "not connected; kaizen serve may have ended"; };
  events.onmessage = (event) => {
    const frame = JSON.parse(event.data);
    panel.innerHTML = frame.panel;
    if (frame.report !== report().dataset.state) renew();
  };
})();
