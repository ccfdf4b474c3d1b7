"""A template that waits, with a secret, and one that computes."""

import hashlib

from pydantic import Field, SecretStr

from scheduler_daemon.job_template import JobExecutionContext, JobResult, JobTemplate, TemplateParameters


class GreetingTemplate(JobTemplate):
    """Greets, and signs the greeting."""

    type = "greeting"
    name = "Greeting"
    category = "examples"
    description = "Greets somebody, and signs the greeting."
    version = 3

    class Parameters(TemplateParameters):
        """Whom to greet, and the key of the signature."""

        greeted: str = Field(min_length=1, title="Greeted", description="Who is greeted.", examples=["Ada"])
        signing_key: SecretStr = Field(title="Signing key", description="Key of the signature.")

    async def execute(self, context: JobExecutionContext) -> JobResult:
        params: GreetingTemplate.Parameters = context.params
        greeting = f"Hello {params.greeted}"
        signature = hashlib.blake2b(greeting.encode(), key=params.signing_key.get_secret_value().encode()).hexdigest()
        context.log.info("greeted", params=str(params))
        context.progress(1, 1, greeting)
        return JobResult.success(greeting, metrics={"signature": signature})


class PrimesTemplate(JobTemplate):
    """Counts primes, in a worker process."""

    type = "primes"
    name = "Primes"
    category = "examples"

    class Parameters(TemplateParameters):
        """How far to count."""

        below: int = Field(ge=0, le=100_000, title="Below", description="Primes below this number are counted.")

    def execute(self, context: JobExecutionContext) -> JobResult:
        below = context.params.below
        count = sum(all(number % other for other in range(2, int(number**0.5) + 1)) for number in range(2, below))
        return JobResult.success(f"{count} primes below {below}", metrics={"count": count})
