/** Views of one screen, one at a time; which one is in the address. */
import { html } from "../core/html.js";
import { place, href } from "../core/router.js";

/** options: [[value, label], ...]; the first is the one without a word in the address. name: its name there. */
export const Tabs = ({ label, name = "tab", value, options }) => html`<nav class="tabs" aria-label=${label}>
  ${options.map(([each, text], at) => html`
    <a key=${each} href=${href(place.value.path, at === 0 ? {} : { [name]: each })}
        aria-current=${each === value ? "page" : undefined}>
      ${text}
    </a>
  `)}
</nav>`;
