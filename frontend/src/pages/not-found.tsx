import { Link } from "wouter";
import { Page } from "../components/page";

export function NotFoundPage() {
  return (
    <Page title="Nothing grows here">
      <p>
        There is no page under this address. <Link href="/jobs">Go to your jobs</Link>.
      </p>
    </Page>
  );
}
