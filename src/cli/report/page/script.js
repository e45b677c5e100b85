"use strict";
// The page works without this script. It opens what a link leads to, and adds two buttons.
(() => {
  const all = (selector) => Array.from(document.querySelectorAll(selector));
  const openAround = (element) => {
    for (let node = element; node; node = node.parentElement) {
      if (node.tagName === "DETAILS") node.open = true;
    }
  };
  const follow = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    openAround(target);
    (target.closest("details") || target).scrollIntoView();
  };
  addEventListener("hashchange", follow);
  // A second click on the same link changes no hash.
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href^='#']");
    if (link && link.getAttribute("href") === location.hash) follow();
  });
  follow();

  const nav = document.querySelector("nav");
  const tools = document.createElement("span");
  tools.className = "tools";
  for (const [text, open] of [["Open all", true], ["Close all", false]]) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = text;
    button.addEventListener("click", () => all("details").forEach((one) => { one.open = open; }));
    tools.append(button);
  }
  nav.append(tools);

  // Paper has no place to click: print everything open, then close what was closed.
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = all("details:not([open])");
    closed.forEach((one) => { one.open = true; });
  });
  addEventListener("afterprint", () => closed.forEach((one) => { one.open = false; }));
})();
