/** CodeMirror, loaded when the first cell is edited; see cell.js for what it replaces. */

import { closeBrackets, closeBracketsKeymap } from "@codemirror/autocomplete";
import {
  defaultKeymap,
  history,
  historyKeymap,
  indentWithTab,
} from "@codemirror/commands";
import { python } from "@codemirror/lang-python";
import {
  bracketMatching,
  indentOnInput,
  indentUnit,
  syntaxHighlighting,
} from "@codemirror/language";
import { EditorState } from "@codemirror/state";
import { drawSelection, EditorView, keymap } from "@codemirror/view";
import { tagHighlighter, tags } from "@lezer/highlight";

// The classes of Pygments: the page's own colors, light and dark, hold here too.
const PYGMENTS = tagHighlighter([
  { tag: [tags.keyword, tags.self, tags.bool, tags.null], class: "k" },
  { tag: tags.string, class: "s2" },
  { tag: tags.number, class: "mi" },
  { tag: tags.comment, class: "c1" },
  { tag: tags.operator, class: "o" },
  { tag: tags.function(tags.definition(tags.variableName)), class: "nf" },
  { tag: tags.definition(tags.className), class: "nc" },
]);

/**
 * Put an editor where a plain text area stands, with its text and its cursor.
 *
 * @param {HTMLTextAreaElement} area
 * @param {{run: () => void, changed: () => void, label: string, help: string}} options
 * @returns {{value: string, focus: () => void}}
 */
export function replace(area, { run, changed, label, help }) {
  const runKeys = ["Mod-Enter", "Shift-Enter"].map((key) => ({
    key,
    run: () => (run(), true),
  }));
  const keys = [...closeBracketsKeymap, ...defaultKeymap, ...historyKeymap];
  const state = EditorState.create({
    doc: area.value,
    selection: { anchor: area.selectionStart, head: area.selectionEnd },
    extensions: [
      keymap.of([...runKeys, ...keys, indentWithTab]),
      history(),
      drawSelection(),
      closeBrackets(),
      bracketMatching(),
      indentOnInput(),
      indentUnit.of("    "),
      EditorState.tabSize.of(4),
      python(),
      syntaxHighlighting(PYGMENTS),
      EditorView.updateListener.of((update) => update.docChanged && changed()),
      EditorView.contentAttributes.of({
        "aria-label": label,
        "aria-describedby": help,
        spellcheck: "false",
        tabindex: "0", // a region that scrolls must be reachable, says axe
      }),
    ],
  });
  const focused = document.activeElement === area;
  const view = new EditorView({ state });
  area.replaceWith(view.dom);
  if (focused) view.focus();
  return {
    get value() {
      return view.state.doc.toString();
    },
    set value(text) {
      const all = { from: 0, to: view.state.doc.length, insert: text };
      view.dispatch({ changes: all });
    },
    focus: () => view.focus(),
  };
}
