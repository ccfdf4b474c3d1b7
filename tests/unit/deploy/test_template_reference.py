"""The tables of docs/templates.md say what the templates say."""

from datetime import timedelta
from typing import Literal

from pydantic import Field, SecretStr

from deploy.template_reference import PAGE, own_templates, parameters_table, with_tables
from scheduler_daemon.job_template import JobExecutionContext, JobResult, JobTemplate, TemplateParameters
from shared.durations import Duration


class MadeUpTemplate(JobTemplate):
    type = "made_up"
    name = category = "made up"
    description = "Does nothing."

    class Parameters(TemplateParameters):
        how_many: int = Field(5, ge=1, le=10_000, description="How many.")
        api_key: SecretStr = Field(description="The key.")
        mode: Literal["a", "b"] | None = Field(None, description="Which.")
        names: list[str] = Field([], max_length=3, description="Who.")
        wait: Duration = Field(timedelta(minutes=5), title="Wait", description="How long.", examples=["1h"])

    async def execute(self, context: JobExecutionContext) -> JobResult:
        return JobResult.success(context.run_id)


TABLE = """| parameter | default | allowed | meaning |
|---|---|---|---|
| `howMany` | `5` | integer, at least 1, at most 10 000 | How many. |
| `apiKey` | none, required | secret | The key. |
| `mode` | unset | a, b | Which. |
| `names` | `[]` | list, each: string, 3 or fewer entries | Who. |
| `wait` | `5m` | duration | How long. |
"""


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text() == with_tables(PAGE.read_text(), own_templates()), "run `make docs`"


def test_every_template_of_the_project_says_what_each_parameter_means() -> None:
    silent = [
        f"{template.type}.{name}"
        for template in own_templates()
        for name, field in template.Parameters.model_fields.items()
        if not field.description
    ]
    assert silent == []


def test_a_row_tells_default_limits_and_meaning() -> None:
    assert parameters_table(MadeUpTemplate()) == TABLE


def test_a_table_is_written_at_the_end_of_its_section_and_replaced_the_next_time() -> None:
    page = "# Templates\n\nText.\n\n## made_up\n\nBy hand.\n\n## Filters\n\nMore text.\n"
    once = with_tables(page, [MadeUpTemplate()])
    assert once.index("By hand.") < once.index(TABLE) < once.index("## Filters")
    assert with_tables(once, [MadeUpTemplate()]) == once
    assert with_tables(once.replace("How many.", "Old."), [MadeUpTemplate()]) == once


def test_a_template_without_a_section_gets_one() -> None:
    page = with_tables("# Templates\n", [MadeUpTemplate()])
    assert "\n## made_up\n\nDoes nothing.\n" in page
