// Runs commands by keys and buttons, and lists them.
import { COMMANDS } from "./commands.js";

const TURNS_OFF = "[name=letters]:not(:checked)";

const byKey = new Map(COMMANDS.flatMap((command) => command.keys.map((key) => [key, command])));

// How the table above writes the key of an event.
function keyOf(event) {
  const isCharacter = event.key.length === 1, isLetter = /^\p{L}$/u.test(event.key);
  const hasShift = event.shiftKey && (isLetter || !isCharacter);
  const modifier = event.ctrlKey || event.metaKey ? "Mod+" : "";
  return `${modifier}${hasShift ? "Shift+" : ""}${isLetter ? event.key.toLowerCase() : event.key}`;
}

const isTyping = (element) => element.matches("input:not([type=checkbox]), select, textarea");

// Who dictates turns keys off that are a character: "next" must not be four of them.
const isOff = (key) => /^(Shift\+)?.$/u.test(key) && key !== "?" && document.querySelector(TURNS_OFF);

// Run commands by their keys, but not while something is typed or a dialog is open.
export function listenToKeys(app) {
  document.addEventListener("keydown", (event) => {
    if (isTyping(event.target)) {
      if (event.key === "Escape") app.page.focusStage();
      return;
    }
    const key = keyOf(event), command = byKey.get(key);
    if (!command || event.altKey || isOff(key) || document.querySelector("dialog[open]")) return;
    event.preventDefault();
    app.run(command, event.key);
  });
}

const CAPS = { PageDown: "Page Down", PageUp: "Page Up", Mod: "Ctrl" };

function capOf(key) {
  const parts = key === "+" ? [key] : key.split("+");
  const upper = (part) => part.replace(/^\p{L}$/u, (letter) => letter.toUpperCase());
  return parts.map((part) => CAPS[part] ?? upper(part)).join(" ");
}

function element(tag, text = "", attributes = {}) {
  return Object.assign(document.createElement(tag), { textContent: text, ...attributes });
}

function buttonFor({ id, keys, label, text }) {
  const button = element("button", label, { type: "button", title: text });
  button.dataset.command = id;
  if (label.length > 1) button.append(" ", element("kbd", capOf(keys[0]).replace("Shift ", "⇧")));
  else button.ariaLabel = text;
  return button;
}

// Buttons for the groups that elements with `data-group` name.
export function makeButtons(app) {
  for (const place of document.querySelectorAll("[data-group]")) {
    const commands = COMMANDS.filter(({ group, label }) => label && group === place.dataset.group);
    place.append(...commands.map(buttonFor));
  }
  document.addEventListener("click", (event) => {
    const id = event.target.closest("button[data-command]")?.dataset.command;
    if (id) app.run(COMMANDS.find((command) => command.id === id));
  });
}

// The list of all keys, a table for each group.
export function listKeys(place) {
  for (const group of new Set(COMMANDS.map((command) => command.group))) {
    const table = element("table");
    table.createCaption().textContent = group;
    for (const command of COMMANDS.filter((one) => one.group === group)) {
      const row = table.insertRow();
      row.append(element("th", command.text, { scope: "row" }));
      const caps = (command.shown ? [command.shown] : command.keys).map(capOf);
      row.insertCell().append(...caps.flatMap((cap) => [element("kbd", cap), " "]));
    }
    place.append(table);
  }
}
