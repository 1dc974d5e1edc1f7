// Everything that can be done, by group: the keyboard, the buttons and the list of keys are made of
// this table. A letter stands for itself in upper case, too; `Mod` is Ctrl or Cmd. `text` says in the
// list of keys what a command does, `label` stands on its button, if it has one.
import {
  dropPoint, dropRow, exchangeSides, restorePoint, restoreRow, takePoint, takeRow, toggleFine,
} from "./actions.js";

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

function moveBy(pixels, prefix) {
  return {
    keys: Object.keys(ARROWS).map((arrow) => prefix + arrow),
    shown: `${prefix}arrows`,
    text: `Move it by ${pixels} px`,
    run: (app, key) => app.nudge(ARROWS[key].map((axis) => axis * pixels)),
  };
}

const GROUPS = {
  Face: {
    previous: { keys: ["p", "PageUp"], label: "‹ Previous", text: "Previous face", run: (app) => app.step(-1) },
    next: { keys: ["n", "PageDown"], label: "Next ›", text: "Next face", run: (app) => app.step(1) },
    jump: { keys: ["g"], text: "Go to a row number", run: (app) => app.page.askForRow() },
  },
  Row: {
    "take-row": {
      keys: ["Shift+t"], label: "Take prediction", text: "Take over the prediction for all its labels", edit: takeRow,
    },
    exchange: { keys: ["x"], label: "Exchange sides", text: "Exchange left and right", edit: exchangeSides },
    "drop-row": { keys: ["Shift+d"], label: "Drop all", text: "Drop all its labels", edit: dropRow },
    "restore-row": {
      keys: ["Shift+o"], label: "Original", text: "Back to the labels as they were given", edit: restoreRow,
    },
    fine: { keys: ["f"], label: "Mark as fine", text: "Mark as fine, or not", edit: toggleFine },
  },
  Point: {
    "next-point": { keys: ["."], label: "Next point", text: "Choose the next point", run: (app) => app.stepPoint(1) },
    "previous-point": {
      keys: [","], label: "Previous point", text: "Choose the previous point", run: (app) => app.stepPoint(-1),
    },
    "take-point": { keys: ["t"], label: "Take prediction", text: "Take over its prediction", edit: takePoint },
    "drop-point": { keys: ["d", "Delete"], label: "Drop", text: "Drop its label", edit: dropPoint },
    "restore-point": { keys: ["o"], label: "Original", text: "Back to the label as it was given", edit: restorePoint },
    "move-finely": moveBy(0.25, ""),
    "move-coarsely": moveBy(1, "Shift+"),
  },
  Undo: {
    undo: { keys: ["z", "Mod+z"], label: "Undo", text: "Undo", run: (app) => app.undo() },
    redo: { keys: ["Shift+z", "Mod+Shift+z", "Mod+y"], label: "Redo", text: "Redo", run: (app) => app.redo() },
  },
  View: {
    "zoom-out": { keys: ["-"], label: "−", text: "Zoom out", run: (app) => app.zoom(-1) },
    "zoom-in": { keys: ["+", "="], label: "+", text: "Zoom in", run: (app) => app.zoom(1) },
    "zoom-off": { keys: ["0"], label: "Whole", text: "Show the whole face", run: (app) => app.zoom(0) },
    hide: { keys: ["h"], label: "Marks", text: "Hide or show the marks", run: (app) => app.toggleMarks() },
  },
  Page: {
    save: { keys: ["s", "Mod+s"], label: "Save", text: "Save, or download the corrections", run: (app) => app.save() },
    keys: { keys: ["?"], label: "Keys", text: "Show all keys", run: (app) => app.page.showKeys() },
  },
};

export const COMMANDS = Object.entries(GROUPS).flatMap(([group, commands]) => Object.entries(commands)
  .map(([id, command]) => ({ id, group, ...command })));
