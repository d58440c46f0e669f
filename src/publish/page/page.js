// Puts what comes into the page as it was loaded: numbers with each telegram, pictures and tables each minute.
"use strict";

const sections = () => [...document.querySelectorAll("section[data-meter]")];

function take(said) {
  const own = sections().find(s => s.dataset.meter === said.id && s.dataset.label === (said.label ?? ""));
  if (!own) { refresh(true); return; }
  own.querySelector(".age").dataset.age = 0;
  for (const place of own.querySelectorAll("[data-key]")) {
    const digits = said.values.get(place.dataset.key);
    if (digits !== undefined && place.textContent !== digits) {
      place.textContent = digits;
      place.classList.remove("changed");
      void place.offsetWidth;
      place.classList.add("changed");
    }
  }
  age();
}

// Numbers are shown with the digits that the meter sent: JSON.parse would lose trailing zeros.
function read(text) {
  const object = JSON.parse(text);
  const values = new Map();
  const begin = text.indexOf('"values":{');
  for (const found of text.slice(begin + 9).matchAll(/"((?:[^"\\]|\\.)*)":(-?[0-9.]+)/g)) {
    values.set(found[1], found[2]);
  }
  return { id: object.meter.id, label: object.meter.name, values };
}

function age() {
  for (const section of sections()) {
    const place = section.querySelector(".age");
    const seconds = Number(place.dataset.age);
    place.querySelector("span").textContent = seconds;
    section.classList.toggle("stale", seconds > 60);
  }
}

async function refresh(whole) {
  try {
    const answer = await fetch("./", { cache: "no-store" });
    if (!answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (whole) {
      document.querySelector("main").replaceWith(fresh.querySelector("main"));
      document.querySelector("header").replaceWith(fresh.querySelector("header"));
      // What is new is not the target yet.
      if (location.hash) location.replace(location.hash);
      mark();
      return;
    }
    for (const old of document.querySelectorAll(".slow")) {
      const next = fresh.getElementById(old.id);
      if (!next) continue;
      const open = [...old.querySelectorAll("details")].map(details => details.open);
      old.replaceWith(next);
      next.querySelectorAll("details").forEach((details, at) => { details.open = open[at] ?? details.open; });
    }
  } catch {
    // The program is away; the age of the numbers says so.
  }
}

// The tab of the meter that is shown.
function mark() {
  const tabs = [...document.querySelectorAll("nav a")];
  const own = tabs.find(tab => tab.hash === location.hash) ?? tabs[0];
  for (const tab of tabs) tab.toggleAttribute("aria-current", tab === own);
}

addEventListener("hashchange", mark);
mark();

const events = new EventSource("api/events");
events.addEventListener("telegram", event => take(read(event.data)));
setInterval(() => {
  for (const place of document.querySelectorAll(".age")) place.dataset.age = Number(place.dataset.age) + 1;
  age();
}, 1000);
setInterval(() => refresh(false), 60000);
