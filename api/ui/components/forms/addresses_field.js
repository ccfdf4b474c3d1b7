/** Addresses that are typed or pasted: what is no address is told at once, and nothing is dropped. */
import { useRef } from "preact/hooks";

import { addressesOf, looksLikeAddress, textOf } from "../../core/addresses.js";
import { html } from "../../core/html.js";
import { useSettled } from "../../core/resource.js";
import { AreaField } from "./fields.js";

const SHOWN = 5;
const RESTS_MS = 600;
const keyOf = ({ email, phone }) => email ?? phone;

/** "2 entries are no address: bob, nonsense"; null: there are none. */
function rubbishIn(addresses) {
  const wrong = addresses.filter((each) => !looksLikeAddress(each)).map(keyOf);
  if (wrong.length === 0) return null;
  const shown = wrong.slice(0, SHOWN).join(", ");
  const more = wrong.length > SHOWN ? ` and ${wrong.length - SHOWN} more` : "";
  return `${wrong.length === 1 ? "One entry is" : `${wrong.length} entries are`} no address: ${shown}${more}`;
}

/** What the API says of one of them, with the address; else what it says of all. error(field), path: of the list. */
function refusalOf(addresses, error, path) {
  for (const [at, address] of addresses.entries()) {
    const told = ["email", "phone", "name"].map((part) => error(`${path}.${at}.${part}`)).find(Boolean);
    const wrong = told ?? error(`${path}.${at}`);
    if (wrong) return `${keyOf(address)}: ${wrong}`;
  }
  return error(path);
}

/** value: addresses of the API; what they say beside the address (language, zone, variables) is kept. */
export function AddressesField({ value, onInput, error, path, ...field }) {
  const given = useRef({ value: undefined, text: "" });
  if (given.current.value !== value) given.current = { value, text: (value ?? []).map(textOf).join("\n") };
  const input = (text) => {
    const before = new Map((value ?? []).map((each) => [keyOf(each), each]));
    const addresses = addressesOf(text).map(({ name = "", ...address }) => {
      const known = before.get(keyOf(address));
      return known || name ? { ...known, ...address, name } : address;
    });
    given.current = { value: addresses, text };
    onInput(addresses);
  };
  const rubbish = rubbishIn(value ?? []);
  const rests = useSettled(rubbish, RESTS_MS) === rubbish; // a half-typed address is no fault yet
  return html`
    <${AreaField} label="Addresses" rows="2" placeholder="Ada Lovelace <ada@example.com>, +33612345678"
      help="Paste e-mail addresses and phone numbers, with commas or one a line; names may stand before them."
      ...${field} value=${given.current.text} onInput=${input}
      error=${rubbish ? rests && rubbish : refusalOf(value ?? [], error, path)} />
  `;
}
