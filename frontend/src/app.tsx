import { lazy, Suspense } from "react";
import { Redirect, Route, Switch } from "wouter";
import { Header } from "./components/header";
import { JobsPage } from "./pages/jobs";
import { NotFoundPage } from "./pages/not-found";

const JobPage = lazy(async () => ({ default: (await import("./pages/job")).JobPage }));
const PostPage = lazy(async () => ({ default: (await import("./pages/post")).PostPage }));
const ProviderPage = lazy(async () => ({
  default: (await import("./pages/provider")).ProviderPage,
}));
const ProvidersPage = lazy(async () => ({
  default: (await import("./pages/providers")).ProvidersPage,
}));
const WalletPage = lazy(async () => ({ default: (await import("./pages/wallet")).WalletPage }));

export function App() {
  return (
    <>
      <a className="skip-link" href="#main">
        Skip to the content
      </a>
      <Header />
      <main id="main" tabIndex={-1} className="main">
        <Suspense fallback={<p className="loading">Loading…</p>}>
          <Routes />
        </Suspense>
      </main>
      <footer className="footer">
        <p>
          Fallow puts idle devices to work, and re-runs a random few of their results so that you
          need not trust any of them.
        </p>
      </footer>
    </>
  );
}

function Routes() {
  return (
    <Switch>
      <Route path="/">
        <Redirect to="/jobs" replace />
      </Route>
      <Route path="/jobs" component={JobsPage} />
      <Route path="/jobs/:jobId">{({ jobId }) => <JobPage key={jobId} jobId={jobId} />}</Route>
      <Route path="/post" component={PostPage} />
      <Route path="/providers" component={ProvidersPage} />
      <Route path="/providers/:address">
        {({ address }) => <ProviderPage key={address} address={address} />}
      </Route>
      <Route path="/wallet" component={WalletPage} />
      <Route component={NotFoundPage} />
    </Switch>
  );
}
