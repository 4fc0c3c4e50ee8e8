import { Link } from '@tanstack/react-router';

import { ApiProblem } from '@/api/problem';

import { buttonClass } from './buttonClass';
import { EmptyState, ErrorState } from './Notice';
import { PageHeader, Panel } from './Panel';

interface PageErrorProps {
  error: Error;
  /** What the page is about: "model". */
  subject: string;
  onRetry: () => void;
}

/** In place of a page whose subject could not be loaded, or is not there. */
export function PageError({ error, subject, onRetry }: PageErrorProps) {
  if (error instanceof ApiProblem && error.isMissing) return <Missing subject={subject} />;
  return (
    <div className="flex flex-col gap-4">
      <PageHeader title={`This ${subject} could not be loaded`} />
      <Panel>
        <ErrorState error={error} onRetry={onRetry} />
      </Panel>
    </div>
  );
}

/** The address leads nowhere; the way back is here. */
export function Missing({ subject }: { subject: string }) {
  return (
    <div className="flex flex-col gap-4">
      <PageHeader title={`There is no such ${subject}`} />
      <Panel>
        <EmptyState
          title="The address may be mistyped, or what it named was removed"
          action={
            <Link to="/" className={buttonClass()}>
              Go to the overview
            </Link>
          }
        />
      </Panel>
    </div>
  );
}
