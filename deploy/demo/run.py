"""The demo from start to end."""

from __future__ import annotations

import json
import threading
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from deploy.demo.books import Books, read_books
from deploy.demo.cast import CHEATER, HONEST_PROVIDERS, PROVIDERS, VERIFIERS, Cast
from deploy.demo.containers import ContainerJob, post_container_job
from deploy.demo.paragraphs import docstring_paragraphs
from deploy.demo.stages import Stages
from deploy.demo.story import Story
from deploy.demo.summary import Findings, facts, money_table, summary
from deploy.demo.view import LiveView, follow_events
from deploy.processes import Processes
from deploy.stack import ProviderPlan, Stack
from protocol.client.client import MarketClient
from protocol.client.wire import MarketInfo
from protocol.units import WEI_PER_CREDIT, Address
from requester.handle import JobHandle, Until
from requester.recipes.embeddings.job import collect, packed_weights, plan_embeddings
from requester.recipes.embeddings.reference import embed, load_weights
from requester.recipes.embeddings.search import SemanticIndex
from requester.recipes.embeddings.tokenizer import load_tokenizer, model_files, tokenize
from requester.requester import Requester

PARAGRAPHS = 480
TEXTS_PER_TASK = 10
PRICE = "0.01"
PRICE_PER_TASK_WEI = 60 * WEI_PER_CREDIT // 100  # one core for the recipe's 60 s at that price
# With no more at stake than this, every task is audited: q = 1.8 R / (S + R).
CHEATER_STAKE_WEI = PRICE_PER_TASK_WEI * 8 // 10
DEPOSIT_WEI = 200 * WEI_PER_CREDIT
JOB_BUDGET_WEI = 150 * WEI_PER_CREDIT
JOB_SECONDS = 240.0
LEAST_COSINE = 0.9999
COMPARED = 48
QUESTIONS = (
    "How do I make a file that disappears when I am done with it?",
    "How can I compare two texts and show the differences?",
    "How do I pick random numbers that nobody can guess?",
)


class DemoFailed(RuntimeError):
    """The demo did not show what it promises."""


@dataclass
class Demo:
    """One run. `folder` gets the results, `work` everything the processes need."""

    console: Console
    folder: Path
    processes: Processes
    stack: Stack
    stages: Stages
    cast: Cast
    story: Story

    def run(self) -> None:
        """Play it.

        Raises:
            DemoFailed: a promise is not kept.
            ProcessEnded, FallowError: something broke.
        """
        with self._stage("paragraphs", "collecting real text"):
            texts = docstring_paragraphs(PARAGRAPHS)
            packed_weights()
        self._start()
        stop = threading.Event()
        follow_events(self.stack.market, self.story, stop)
        wallet = self.stack.key("requester")
        with MarketClient(self.stack.url, wallet) as client:
            requester = Requester(client, wallet)
            self._introduce(client.market())
            handle, second = self._work(requester, texts)
            with self._stage("collect", "fetching the vectors, each checked"):
                vectors = collect(handle.results(), len(texts), TEXTS_PER_TASK)
            with self._stage("check", "comparing with plain numpy, counting the money"):
                handles = [h for h in (handle, second.handle) if h]
                books = self._books(handles)
                cosine = _least_cosine(texts, vectors)
            self._report(texts, vectors, handle, books, cosine, second)
        stop.set()

    def _start(self) -> None:
        stack = self.stack
        with self._stage("market", "starting a chain and a market"):
            stack.start_chain()
            stack.start_market()
            stack.wait_ready()
        with self._stage("verifiers", f"{len(VERIFIERS)} verifiers stake"):
            stack.start_verifiers(VERIFIERS)
        with self._stage("providers", f"{len(PROVIDERS)} providers enrol"):
            plans = [ProviderPlan(name, price=PRICE) for name in HONEST_PROVIDERS]
            module = "deploy.demo.mallory"
            plans.append(ProviderPlan(CHEATER, CHEATER_STAKE_WEI, PRICE, module))
            stack.start_providers(plans)
            stack.wait_seated(VERIFIERS)
            stack.wait_offers(len(plans))

    def _introduce(self, info: MarketInfo) -> None:
        for name in (*PROVIDERS, *VERIFIERS, "requester"):
            self.cast.add(name, Address(self.stack.key(name).address))
        self.cast.add("operator", Address(info.operator))

    def _work(self, requester: Requester, texts: list[str]) -> tuple[JobHandle, ContainerJob]:
        with self._stage("post", "a requester posts the job, and a small one for containers"):
            wallet = self.stack.key("requester")
            self.stack.fund(wallet)
            requester.deposit(DEPOSIT_WEI)
            plan = plan_embeddings(requester, texts, TEXTS_PER_TASK)
            handle = requester.post(plan, JOB_BUDGET_WEI)
            second = post_container_job(requester, texts, self.folder / "work" / "images")
            if second.why_not:
                self.console.print(f"  no job in containers: {second.why_not}")
        with LiveView(self.console, self.story) as view:
            with self._stage("results", "strangers' devices embed the paragraphs"):
                handle.wait(view.update, Until.RESULTS, JOB_SECONDS)
            with self._stage("settle", "disputes end, the rest is paid"):
                handle.wait(view.update, Until.SETTLED, JOB_SECONDS)
                if second.handle:
                    second.handle.wait(None, Until.SETTLED, JOB_SECONDS)
        return handle, second

    def _books(self, handles: list[JobHandle]) -> Books:
        jobs = [handle.job_id for handle in handles]
        return read_books(self.stack.contracts(), self.cast.names, jobs)

    def _report(
        self,
        texts: list[str],
        vectors: NDArray[np.float32],
        handle: JobHandle,
        books: Books,
        cosine: float,
        second: ContainerJob,
    ) -> None:
        receipt = handle.receipt()
        findings = Findings(
            task_count=handle.view().task_count,
            providers=self.cast.addresses(PROVIDERS),
            verifiers=self.cast.addresses(VERIFIERS),
            receipt=receipt,
            books=books,
            stages=self.stages,
            audited=self.story.audited_of(handle.job_id),
            extra={
                "least_cosine": cosine,
                "container_tasks": len(second.tasks),
                "container_tasks_wrong": second.wrong_tasks(),
                "events": facts(self.story),
            },
        )
        index = SemanticIndex(texts, vectors)
        for question in QUESTIONS:
            self.console.print(f"\n[bold]{question}[/]")
            for hit in index.search(question, 2):
                self.console.print(f"  [dim]{hit.cosine:.2f}[/] {hit.text}")
        self.console.print()
        self.console.print(money_table(receipt, self.cast))
        found = summary(findings)
        self._write(texts, vectors, found, receipt.model_dump_json(indent=2))
        self._judge(found)

    def _write(
        self,
        texts: list[str],
        vectors: NDArray[np.float32],
        found: dict[str, object],
        receipt: str,
    ) -> None:
        lines = [json.dumps({"text": text}, ensure_ascii=False) + "\n" for text in texts]
        (self.folder / "paragraphs.jsonl").write_text("".join(lines))
        np.save(self.folder / "embeddings.npy", vectors)
        (self.folder / "receipt.json").write_text(receipt + "\n")
        (self.folder / "summary.json").write_text(json.dumps(found, indent=2) + "\n")

    def _judge(self, found: dict[str, object]) -> None:
        mallory = self.cast.addresses((CHEATER,))[CHEATER]
        slashed = found["slashed"]
        assert isinstance(slashed, list)
        promises = {
            "every wei is accounted for": found["conserved"],
            "the cheater was caught and slashed": any(s["provider"] == mallory for s in slashed),
            "nobody else was": all(s["provider"] == mallory for s in slashed),
            f"vectors agree with fp32 numpy (cosine {found['least_cosine']:.7f})": (
                found["least_cosine"] >= LEAST_COSINE  # type: ignore[operator]
            ),
        }
        if found["container_tasks"]:
            promises["every container task is right"] = not found["container_tasks_wrong"]
        for promise, is_kept in promises.items():
            self.console.print(
                f"[{'green' if is_kept else 'red'}]{'✓' if is_kept else '✗'}[/] {promise}"
            )
        self.console.print(f"\nreceipts and results: {self.folder}/")
        broken = [promise for promise, is_kept in promises.items() if not is_kept]
        if broken:
            raise DemoFailed(f"not so: {'; '.join(broken)}")

    def _stage(self, name: str, text: str) -> AbstractContextManager[None]:
        self.console.print(f"[bold]•[/] {text}")
        return self.stages.stage(name)


def _least_cosine(texts: list[str], vectors: NDArray[np.float32]) -> float:
    """The worst agreement with the fp32 reference, over evenly spaced paragraphs."""
    files = model_files()
    chosen = np.linspace(0, len(texts) - 1, COMPARED).astype(int)
    tokens = tokenize(load_tokenizer(files.tokenizer), [texts[i] for i in chosen])
    expected = embed(tokens, load_weights(files.weights))
    return float(np.min(np.sum(expected * vectors[chosen], axis=1)))
