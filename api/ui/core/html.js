/** Templates: `html` makes Preact elements. Text is always text; nothing here parses markup. */
import { h } from "preact";
import htm from "htm";

export const html = htm.bind(h);
