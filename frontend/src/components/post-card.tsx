import { type UseQueryResult, useMutation } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { Link, useLocation } from "wouter";
import { postJob } from "../actions/post-job";
import type { Quote } from "../api/types";
import { parseCredits } from "../protocol/credits";
import { type Cap, spendingCap } from "../protocol/price";
import type { Draft, DraftErrors } from "../session/draft";
import { useAccount, useMarket } from "../session/queries";
import { usePendingJob } from "../session/use-pending-job";
import type { Preparation } from "../session/use-prepared";
import { useSession } from "../session/use-session";
import { ErrorNotice } from "./notice";
import { QuoteCard } from "./quote-card";

type Props = {
  draft: Draft;
  errors: DraftErrors;
  preparation: Preparation;
  quote: UseQueryResult<Quote>;
  onPosted: () => void;
};

/** The price, and the button that signs and posts. */
export function PostCard(props: Props) {
  const session = useSession();
  const account = useAccount(session?.account ?? null);
  const posting = usePosting(props);
  const { quote, preparation } = props;
  const prepared = preparation.prepared;
  const cap = posting.cap;
  return (
    <section className="card sticky" aria-labelledby="price-heading">
      <h2 id="price-heading">Price</h2>
      {preparation.error !== null && <ErrorNotice error={preparation.error} />}
      {quote.isError && <ErrorNotice error={quote.error} onRetry={() => quote.refetch()} />}
      {prepared !== null && quote.data !== undefined && cap !== null ? (
        <QuoteCard
          taskCount={prepared.taskCount}
          quote={quote.data}
          cap={cap}
          account={account.data}
        />
      ) : (
        <p className="faint">{whyNoPrice(props)}</p>
      )}
      {posting.error !== null && <ErrorNotice error={posting.error} />}
      {session === null ? (
        <Link href="/wallet" className="button button-primary button-wide">
          Sign in to post
        </Link>
      ) : (
        <button
          type="button"
          className="button button-primary button-wide"
          disabled={!posting.canPost}
          onClick={posting.post}
        >
          {posting.isPending ? "Posting…" : "Sign and post"}
        </button>
      )}
      <p className="faint" aria-live="polite">
        {posting.step}
      </p>
    </section>
  );
}

function usePosting({ draft, errors, preparation, quote, onPosted }: Props) {
  const session = useSession();
  const market = useMarket();
  const [, navigate] = useLocation();
  const [step, setStep] = useState("");
  const stop = useStopOnLeave();
  const pending = usePendingJob();
  const { prepared } = preparation;
  const cap = prepared && quote.data ? capOf(quote.data, prepared.taskCount, draft) : null;
  const mutation = useMutation({
    mutationFn: async () => {
      if (!market.data || !session || !prepared || !cap) throw new Error("There is no price yet.");
      const deadline = Math.floor(Date.now() / 1000) + Number(draft.deadlineMinutes) * 60;
      const posting = { info: market.data, session, prepared, cap, deadline };
      return postJob(posting, (name, done, all) => setStep(stepText(name, done, all)), stop());
    },
    onSuccess: (job) => {
      onPosted();
      navigate(`/jobs/${job.job_id}`);
    },
    onSettled: () => setStep(""),
  });
  const isReady = cap !== null && cap.maxPricePerTaskWei > 0n && market.data !== undefined;
  return {
    cap,
    step,
    error: mutation.error ?? market.error,
    isPending: mutation.isPending,
    canPost: isReady && pending === null && Object.keys(errors).length === 0 && !mutation.isPending,
    post: () => mutation.mutate(),
  };
}

/** Uploads stop when the page is left; what arrived is kept by the market. */
function useStopOnLeave(): () => AbortSignal {
  const current = useRef<AbortController>(null);
  useEffect(() => () => current.current?.abort(), []);
  return () => {
    current.current = new AbortController();
    return current.current.signal;
  };
}

function capOf(quote: Quote, taskCount: number, draft: Draft): Cap {
  const chosen = draft.maxPrice.trim() === "" ? null : parseCredits(draft.maxPrice);
  return spendingCap(quote, taskCount, chosen);
}

function whyNoPrice({ draft, errors, preparation, quote }: Props): string {
  if (draft.text.trim() === "") return "Add some text, and the price appears here.";
  if (Object.keys(errors).length > 0) return "Mend the marked fields, and the price appears here.";
  if (preparation.error !== null || quote.isError) return "There is no price yet.";
  return "Asking the market…";
}

function stepText(step: string, done: number, all: number): string {
  return all > 1 ? `${step}: ${done} of ${all}` : `${step}…`;
}
