// What the pages have besides: a live overview that can be paused, and ids that can be copied. Every
// page works without this.
"use strict";

let paused = false;

function busy(region) {
  const selection = document.getSelection();
  const reads = selection && !selection.isCollapsed && region.contains(selection.anchorNode);
  const focused = document.activeElement;
  const works = focused && focused.matches("a, button, input") && region.contains(focused);
  return paused || document.hidden || reads || works;
}

function offerPause() {
  for (const place of document.querySelectorAll("[data-live]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "quiet";
    const say = () => {
      button.textContent = paused ? "Paused: go on" : "Live: pause";
      button.setAttribute("aria-pressed", String(paused));
    };
    button.addEventListener("click", () => {
      paused = !paused;
      say();
      button.blur();
    });
    say();
    place.append(" ", button);
  }
}

function offerCopies() {
  if (!navigator.clipboard) return;
  for (const place of document.querySelectorAll("[data-copy]:not([data-offered])")) {
    place.dataset.offered = "";
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = "copy";
    button.setAttribute("aria-label", `Copy ${place.textContent}`);
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(place.textContent);
      button.textContent = "copied";
      setTimeout(() => { button.textContent = "copy"; }, 1500);
    });
    place.after(" ", button);
  }
}

document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.target.id === "live" && busy(event.target)) event.preventDefault();
});
document.addEventListener("htmx:beforeSwap", (event) => {
  const wanted = event.detail.target.id;
  if (wanted && !event.detail.xhr.responseText.includes(`id="${wanted}"`)) {
    event.detail.shouldSwap = false; // the session is over: what came is the page to sign in
    location.reload();
  }
});
document.addEventListener("htmx:load", (event) => {
  if (event.target.id === "live") offerPause();
});
offerPause();
offerCopies();
