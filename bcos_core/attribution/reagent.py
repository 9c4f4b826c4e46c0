"""ReAGent (Zhao and Shan, arXiv 2402.00794): a token counts as far as the next one becomes less probable where it is
replaced."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from bcos_core.attribution.interface import MethodInput, MethodOutput
from bcos_core.attribution.seeds import put_together, seed_of
from bcos_core.errors import UnsupportedModelError
from bcos_core.model.head_on_top import HeadOnTop, Represented
from bcos_core.model.language_model import LanguageModel
from bcos_core.model.view import ModelView
from bcos_core.wanted import require_wanted

LIKELY = 50
"""Of what the model says of a place, as many as are drawn from."""


def reagent(inputs: MethodInput) -> MethodOutput:
    """Importance of the tokens of a prompt for one next token, by the recursion of the paper (Algorithm 1). Of each of
    `chains` that begin with random importance s, until it stops, or after `steps`:

        R          each token with the probability `replaced`
        Δp         p(target | prompt) − p(target | prompt with R replaced)
        s_i        += logit(½ + ½ Δp) for i in R, and −= that for the others
        stop       where the target is among the `top` likeliest with all but the ⌈`kept` · n⌉ tokens of the largest s
                   replaced

    The score is softmax(s), its mean over the chains that stopped, as in the authors' code, and over all where none
    did (there, that code divides by zero). Defaults are the paper's (30 % replaced, 70 % in the stopping rule, 3
    likeliest) and the authors' 5 chains; they go on for up to 5,000 steps.

    **Replacements** differ. The authors take RoBERTa's likeliest token. Here a replacement is drawn from what the
    explained model itself says at that place, behind the tokens before it: from the `LIKELY` likeliest, without the
    token that stands there. That needs no second model, whose tokens are other ones, and fits what comes before it, as
    do the tokens of two samplers in their code, which read the tokens before a place alone, too: of RoBERTa
    (`InferentialMTokenSampler`), and of the explained model (`InferentialTokenSampler`). They take the likeliest, which
    is often the very token that stands there. The first token of a prompt has nothing before it: any of the vocabulary
    may replace it (their `UniformTokenSampler`). No replacement is a special token of the tokenizer. What the tokenizer
    or a template added is not replaced, and scores 0.

    For a contrast, which the paper has not, p is the probability of the target of the two, p_t / (p_t + p_f).

    Raises:
        UnsupportedModelError: a classifier.
    """
    if not isinstance(inputs.text_model, LanguageModel):
        raise UnsupportedModelError(
            f"ReAGent cannot explain {inputs.text_model.name}. It is defined for the next token of a language model."
        )
    return put_together(inputs, [_Recursion(alone, inputs.text_model).output() for alone in inputs.each_text()])


@dataclass(frozen=True)
class _Draws:
    """All random numbers of a text, uniform in 0 … 1: where chains begin, (chains, n); which tokens are replaced, by
    which, and by which when a chain asks whether it may stop, (steps, chains, n) each. Drawn before anything is asked,
    so that they do not depend on how much goes through the model at once."""

    begin: Tensor
    replaced: Tensor
    by: Tensor
    at_rest: Tensor

    @classmethod
    def of(cls, seed: int, *, steps: int, chains: int, n: int) -> _Draws:
        generator = torch.Generator().manual_seed(seed)
        begin = torch.rand(chains, n, generator=generator, dtype=torch.float64)
        rest = torch.rand(3, steps, chains, n, generator=generator, dtype=torch.float64)
        return cls(begin, *rest)


class _Recursion:
    """Of one prompt, of which n tokens can be replaced."""

    def __init__(self, inputs: MethodInput, model: LanguageModel) -> None:
        self.inputs, batch = inputs, inputs.batch
        self.places = batch.ordinary[0].nonzero().squeeze(1)
        options = inputs.parameters
        self.chains, self.steps, self.top = (int(options[name]) for name in ("chains", "steps", "top"))
        self.share = float(options["replaced"])
        self.kept = math.ceil(float(options["kept"]) * len(self.places))
        seed = seed_of(inputs.seed, batch.texts[0].ids)
        self.draws = _Draws.of(seed, steps=self.steps, chains=self.chains, n=len(self.places))
        self.view, self.rows = ModelView(model.model), 0
        head = HeadOnTop(model.model)
        found = head.represent(batch.input_ids, batch.attention_mask)
        self.logits = found.logits
        self.classes = inputs.classes(self.logits)
        self.before = float(self._probabilities(self.logits)[0])
        self.replacements = _Replacements(model, head, found, batch.input_ids[0], self.places)

    def output(self) -> MethodOutput:
        importance, stopped = self._run() if len(self.places) else (self.draws.begin, torch.ones(self.chains).bool())
        means = importance.softmax(1)[stopped if bool(stopped.any()) else slice(None)].mean(0)
        scores = torch.zeros(self.inputs.batch.input_ids.shape, dtype=torch.float64, device=self.logits.device)
        scores[0, self.places] = means.to(scores.device)
        return MethodOutput(scores, scores.new_zeros(1), self.logits, 1 + self.rows, 0)

    def _run(self) -> tuple[Tensor, Tensor]:
        """s of all chains (chains, n), and which of them stopped (chains,).

        What is replaced does not depend on s, so that some steps are made together, each time as many as were made
        before, and the stopping rule is asked about all of them; of a chain that stops, the steps behind are dropped.
        """
        importance, stopped, step = self.draws.begin.clone(), torch.zeros(self.chains, dtype=torch.bool), 0
        while step < self.steps and not bool(stopped.all()):
            chains = (~stopped).nonzero().squeeze(1)
            together = max(1, self.inputs.rows_per_pass // len(chains))
            now = torch.arange(step, min(self.steps, step + min(max(1, step), together)))[:, None]
            chosen = self.draws.replaced[now, chains] < self.share  # (steps, chains, n)
            after, _ = self._ask(chosen, self.draws.by[now, chains])
            # Their Δp of ±1, an infinite logit, is not reached by half a millionth.
            change = torch.logit(0.5 + 0.5 * (self.before - after), eps=5e-7)[..., None]
            path = importance[chains] + torch.where(chosen, change, -change).cumsum(0)
            largest = path.topk(self.kept, dim=-1).indices
            others = torch.ones_like(chosen).scatter(-1, largest, False)
            _, reached = self._ask(others, self.draws.at_rest[now, chains])
            done = reached.any(0)
            last = torch.where(done, reached.int().argmax(0), len(now) - 1)
            importance[chains] = path[last, torch.arange(len(chains))]
            stopped[chains] = done
            step += len(now)
        return importance, stopped

    def _ask(self, chosen: Tensor, by: Tensor) -> tuple[Tensor, Tensor]:
        """With the `chosen` tokens (steps, chains, n) replaced, by the numbers `by`: the probability that is explained,
        and whether the target is among the likeliest; (steps, chains) each."""
        batch, shape = self.inputs.batch, chosen.shape[:2]
        device = batch.input_ids.device
        changed = torch.where(chosen, self.replacements(by), self.replacements.original).flatten(0, 1).to(device)
        ids = batch.input_ids.repeat(len(changed), 1)
        ids[:, self.places] = changed
        found = []
        for part in ids.split(self.inputs.rows_per_pass):
            require_wanted()
            logits = self.view.predict(part, batch.attention_mask.expand(len(part), -1))
            target = logits.gather(1, self.classes.expand(len(part))[:, None])
            found.append(torch.stack([self._probabilities(logits), ((logits > target).sum(1) < self.top).double()]))
        self.rows += len(ids)
        after, reached = torch.cat(found, 1).cpu()
        return after.view(shape), reached.view(shape).bool()

    def _probabilities(self, logits: Tensor) -> Tensor:
        """That of the target, of the vocabulary or of two tokens, (rows,), of logits (rows, vocabulary)."""
        logits, classes = logits.double(), self.classes.expand(len(logits))
        chosen = self.inputs.target
        if chosen is None or chosen.minus is None:
            return logits.softmax(1).gather(1, classes[:, None]).squeeze(1)
        return (logits.gather(1, classes[:, None]).squeeze(1) - logits[:, chosen.minus]).sigmoid()


class _Replacements:
    """Tokens that may stand at each of n places: their numbers and cumulated probabilities, (candidates,) each."""

    def __init__(self, model: LanguageModel, head: HeadOnTop, found: Represented, ids: Tensor, places: Tensor) -> None:
        self.original = ids[places].cpu()
        self.allowed = torch.zeros(model.vocabulary, dtype=torch.bool)
        self.allowed[: len(model.tokenizer)] = True
        self.allowed[[one for one in model.tokenizer.all_special_ids if one < model.vocabulary]] = False
        self.candidates = [self._likely(head, found, int(place), int(ids[place])) for place in places]

    def _likely(self, head: HeadOnTop, found: Represented, place: int, there: int) -> tuple[Tensor, Tensor]:
        allowed = self.allowed.clone()
        allowed[there] = False
        if place == 0:
            numbers = allowed.nonzero().squeeze(1)
            return numbers, torch.arange(1, len(numbers) + 1, dtype=torch.float64) / len(numbers)
        logits = head.logits(found.hidden[0, place - 1][None])[0].cpu().double()
        likely = logits.masked_fill(~allowed, -torch.inf).topk(min(LIKELY, int(allowed.sum())))
        return likely.indices, likely.values.softmax(0).cumsum(0)

    def __call__(self, drawn: Tensor) -> Tensor:
        """The tokens (…, n) that uniform random numbers (…, n) draw."""
        columns = zip(self.candidates, drawn.flatten(0, -2).T.contiguous(), strict=True)
        return torch.stack([_drawn(*one, column) for one, column in columns], 1).view(drawn.shape)


def _drawn(numbers: Tensor, cumulated: Tensor, uniform: Tensor) -> Tensor:
    """Of `numbers` those in whose part of 0 … 1 the uniform ones fall; the last part ends at 1, rounding or not."""
    return numbers[torch.searchsorted(cumulated, uniform, right=True).clamp(max=len(numbers) - 1)]
