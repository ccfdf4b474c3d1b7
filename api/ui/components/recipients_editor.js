/** Who gets a notification: people by search, groups, pasted addresses, users of the host application. */
import { useState } from "preact/hooks";

import { html } from "../core/html.js";
import { useDocument } from "../core/resource.js";
import { Failure } from "./basics.js";
import { AreaField, CheckField, ManyField, TextField } from "./fields.js";
import { PeoplePicker } from "./people_picker.js";

const MOST_GROUPS = 200;
const wordsOf = (text) => text.split(/[\s,;]+/).filter(Boolean);

/** Addresses as one may paste them: one a line, or with commas; a text without @ is a phone number. */
export const addressesOf = (text) => wordsOf(text.replace(/[<>]/g, " "))
  .filter((word) => /[@+\d]/.test(word))
  .map((word) => (word.includes("@") ? { email: word } : { phone: word }));

/** How addresses of the API are pasted again. Those that say more than an address are kept by `onlyAddresses`. */
export const textOf = (addresses) => addresses.map((each) => each.email ?? each.phone).join("\n");

const EMPTY_USERS = { ids: [], roles: [], tags: [], groups: [], everyone: false, filter: "" };
const LISTS = [
  ["ids", "Users by id"], ["roles", "Roles"], ["tags", "Tags"], ["groups", "Groups of the host application"],
];

/** value: `recipients` of the API. error(field): what was said about it. */
export function RecipientsEditor({ value, onInput, error }) {
  const groups = useDocument("notifications/groups", { limit: MOST_GROUPS });
  const [pasted, setPasted] = useState(() => textOf(value.addresses ?? []));
  const set = (changes) => onInput({ ...value, ...changes });
  const paste = (text) => {
    const before = new Map((value.addresses ?? []).map((each) => [each.email ?? each.phone, each]));
    setPasted(text);
    set({ addresses: addressesOf(text).map((each) => before.get(each.email ?? each.phone) ?? each) });
  };
  const options = (groups.data?.items ?? []).map((group) => [
    group.id,
    `${group.name} (${(group.members ?? []).length})`,
  ]);
  const users = value.users ?? EMPTY_USERS;
  const setUsers = (changes) => {
    const next = { ...users, ...changes };
    const nobody = !next.everyone && !next.filter.trim() && LISTS.every(([name]) => next[name].length === 0);
    set({ users: nobody ? null : next });
  };
  return html`<fieldset>
    <legend>Recipients</legend>
    ${error("recipients") && html`<small class="error">${error("recipients")}</small>`}
    ${groups.error && html`<${Failure} error=${groups.error} retry=${groups.reload} />`}
    ${options.length > 0 && html`
      <${ManyField} label="Groups" value=${value.groups ?? []}
        options=${options} onInput=${(chosen) => set({ groups: chosen })} error=${error("recipients.groups")} />
    `}
    <${AreaField} label="Addresses" rows="2"
      value=${pasted} onInput=${paste} placeholder="ada@example.com, +33612345678"
      help="Paste e-mail addresses and phone numbers, with commas or one a line."
      error=${addressError(error, value.addresses ?? [])} />
    <details open=${(value.people ?? []).length > 0}>
      <summary>People (${(value.people ?? []).length})</summary>
      <${PeoplePicker} ids=${value.people ?? []} onInput=${(people) => set({ people })} />
      ${error("recipients.people") && html`<small class="error">${error("recipients.people")}</small>`}
    </details>
    <details open=${value.users !== null && value.users !== undefined}>
      <summary>Users of the host application</summary>
      <div class="columns">
        ${LISTS.map(([name, label]) => html`
          <${TextField} key=${name} label=${label} value=${users[name].join(", ")}
            onInput=${(text) => setUsers({ [name]: wordsOf(text) })} error=${error(`recipients.users.${name}`)} />
        `)}
      </div>
      <${TextField} label="Filter" value=${users.filter} onInput=${(filter) => setUsers({ filter })}
        help="Over the fields that the settings allow."
        error=${error("recipients.users.filter") ?? error("recipients.users")} />
      <${CheckField} label="Everyone" value=${users.everyone} onInput=${(everyone) => setUsers({ everyone })} />
    </details>
  </fieldset>`;
}

function addressError(error, addresses) {
  const wrong = (at) => {
    const field = `recipients.addresses.${at}`;
    return error(`${field}.email`) ?? error(`${field}.phone`) ?? error(field);
  };
  const at = addresses.findIndex((_, place) => wrong(place));
  if (at < 0) return error("recipients.addresses");
  const { email, phone } = addresses[at];
  return `${email ?? phone}: ${wrong(at)}`;
}
