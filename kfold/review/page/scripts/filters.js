// Which rows are shown, in which order. A filter has `show`, and `keypoint`, `annotator`, `state` and
// `rows` as text, empty for any.
import { errorOf, isChanged, isDone } from "./corrections.js";

export const SHOW = [
  ["suspects", "suspects"],
  ["swapped", "sides exchanged"],
  ["shifted", "whole row moved"],
  ["most", "most labels far off"],
  ["single", "single points"],
  ["disagreeing", "duplicates that disagree"],
  ["all", "all faces"],
];

export const STATES = [
  ["", "any"],
  ["open", "to do"],
  ["changed", "changed"],
  ["fine", "fine"],
  ["unchanged", "not changed"],
];

export const EVERYTHING = { show: "suspects", keypoint: "", annotator: "", state: "", rows: "" };

// Ranges [first, last] of ids in "12, 100-200"; null for other text.
export function parseRanges(text) {
  const parts = text.split(/[\s,;]+/).filter(Boolean);
  const ranges = parts.map((part) => part.match(/^(\d{1,9})(?:-(\d{1,9}))?$/));
  if (ranges.includes(null)) return null;
  return ranges.map(([, first, last]) => [Number(first), Number(last ?? first)]);
}

export function inOrder(data, show) {
  const suspects = data.suspects.map((suspect) => suspect.row);
  if (show === "disagreeing") return data.disagreeing;
  if (show === "suspects") return suspects;
  if (show !== "all") return suspects.filter((row) => data.suspectOf.get(row).fault === show);
  const others = data.ids.map((_, row) => row).filter((row) => !data.suspectOf.has(row));
  return [...suspects, ...others];
}

const CONDITIONS = {
  "": () => true,
  open: (correction) => !isDone(correction),
  changed: isChanged,
  fine: (correction) => correction.fine,
  unchanged: (correction) => !isChanged(correction),
};

// Of suspects those whose keypoint k is suspicious, of others those that have a label of it.
function concerns(data, history, filter, row) {
  const k = Number(filter.keypoint), suspect = data.suspectOf.get(row);
  if (suspect && !["all", "disagreeing"].includes(filter.show)) return suspect.keypoints.includes(k);
  return errorOf(data, row, history.of(row), k) !== null;
}

const isBetween = (first, id, last) => first <= id && id <= last;

export function rowsFor(data, history, filter) {
  const ranges = parseRanges(filter.rows) ?? [];
  const fits = (row) => CONDITIONS[filter.state](history.of(row))
    && (filter.annotator === "" || data.annotators[row] === Number(filter.annotator))
    && (filter.keypoint === "" || concerns(data, history, filter, row))
    && (!ranges.length || ranges.some(([first, last]) => isBetween(first, data.ids[row], last)));
  const rows = inOrder(data, filter.show).filter(fits);
  if (filter.keypoint === "") return rows;
  const error = (row) => errorOf(data, row, history.of(row), Number(filter.keypoint)) ?? 0;
  const errors = new Map(rows.map((row) => [row, error(row)]));
  return rows.sort((one, other) => errors.get(other) - errors.get(one));
}

// How far the work is: rows of the list that are done, and rows and labels that are changed in all.
export function progress(history, rows) {
  const changes = [...history.corrections.values()].map((c) => Object.keys(c.points).length);
  return {
    done: rows.filter((row) => isDone(history.of(row))).length,
    total: rows.length,
    rows: changes.filter(Boolean).length,
    labels: changes.reduce((sum, count) => sum + count, 0),
  };
}
