import { InputFields } from "../components/input-fields";
import { LimitFields } from "../components/limit-fields";
import { Page } from "../components/page";
import { PendingJobNotice } from "../components/pending-job-notice";
import { PostCard } from "../components/post-card";
import { ProgramFields } from "../components/program-fields";
import { formatCredits } from "../protocol/credits";
import { draftErrors } from "../session/draft";
import { useDraft } from "../session/use-draft";
import { usePrepared, useQuote } from "../session/use-prepared";

export function PostPage() {
  const { draft, change, isKept, forget } = useDraft();
  const errors = draftErrors(draft);
  const preparation = usePrepared(draft);
  const quote = useQuote(preparation.prepared);
  const suggested = quote.data?.suggested_max_price_per_task_wei ?? null;
  // An untouched form shows no red; the price card says what is still missing.
  const { text: _, ...othersWrong } = errors;
  const shown = draft.text === "" ? othersWrong : errors;
  return (
    <Page title="Post a job" lead="You see the price, and sign, before anything is spent.">
      <PendingJobNotice />
      <div className="columns">
        <div className="column-main">
          <ProgramFields draft={draft} errors={shown} onChange={change} />
          <InputFields draft={draft} errors={shown} isKept={isKept} onChange={change} />
          <LimitFields
            draft={draft}
            errors={shown}
            suggestedPrice={suggested === null ? null : formatCredits(suggested)}
            onChange={change}
          />
        </div>
        <div className="column-side">
          <PostCard
            draft={draft}
            errors={errors}
            preparation={preparation}
            quote={quote}
            onPosted={forget}
          />
        </div>
      </div>
    </Page>
  );
}
