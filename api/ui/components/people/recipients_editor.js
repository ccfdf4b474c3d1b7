/** Who gets a notification: people by search, groups, pasted addresses, users of the host application. */
import { html } from "../../core/html.js";
import { useDocument } from "../../core/resource.js";
import { AddressesField } from "../forms/addresses_field.js";
import { Failure } from "../basics.js";
import { CheckField, ManyField, TextField } from "../forms/fields.js";
import { Fold } from "../fold.js";
import { PeoplePicker } from "./people_picker.js";
import { WordsField } from "../forms/words_field.js";

const MOST_GROUPS = 200;
const EMPTY_USERS = { ids: [], roles: [], tags: [], groups: [], everyone: false, filter: "" };
const LISTS = [
  ["ids", "Users by id"], ["roles", "Roles"], ["tags", "Tags"], ["groups", "Groups of the host application"],
];

/** value: `recipients` of the API. error(field): what was said about it. */
export function RecipientsEditor({ value, onInput, error }) {
  const groups = useDocument("notifications/groups", { limit: MOST_GROUPS });
  const set = (changes) => onInput({ ...value, ...changes });
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
  const wrong = (field) => error(`recipients.${field}`);
  const ofUsers = ["users", "users.filter", ...LISTS.map(([name]) => `users.${name}`)].map(wrong);
  return html`<fieldset>
    <legend>Recipients</legend>
    ${error("recipients") && html`<small class="error">${error("recipients")}</small>`}
    ${groups.error && html`<${Failure} error=${groups.error} retry=${groups.reload} />`}
    ${options.length > 0 && html`
      <${ManyField} label="Groups" value=${value.groups ?? []}
        options=${options} onInput=${(chosen) => set({ groups: chosen })} error=${wrong("groups")} />
    `}
    <${AddressesField} value=${value.addresses ?? []} onInput=${(addresses) => set({ addresses })} error=${error}
      path="recipients.addresses" />
    <${Fold} summary=${`People (${(value.people ?? []).length})`}
        open=${(value.people ?? []).length > 0 || wrong("people") !== null}>
      <${PeoplePicker} ids=${value.people ?? []} onInput=${(people) => set({ people })} />
      ${wrong("people") && html`<small class="error">${wrong("people")}</small>`}
    <//>
    <${Fold} summary="Users of the host application" open=${Boolean(value.users) || ofUsers.some(Boolean)}>
      <div class="columns">
        ${LISTS.map(([name, label]) => html`
          <${WordsField} key=${name} label=${label} value=${users[name]} help="Separated by commas."
            onInput=${(words) => setUsers({ [name]: words })} error=${wrong(`users.${name}`)} />
        `)}
      </div>
      <${TextField} label="Filter" value=${users.filter} onInput=${(filter) => setUsers({ filter })}
        help="Over the fields that the settings allow." error=${wrong("users.filter") ?? wrong("users")} />
      <${CheckField} label="Everyone" value=${users.everyone} onInput=${(everyone) => setUsers({ everyone })} />
    <//>
  </fieldset>`;
}
