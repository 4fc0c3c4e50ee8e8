import { useMutation } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';

import { createLoginLink } from '@/api/auth';
import { Button } from '@/components/Button';
import { CopyOnce } from '@/components/CopyOnce';
import { Dialog, DialogBody, DialogFooter } from '@/components/Dialog';
import { ErrorState, Skeleton } from '@/components/Notice';
import { duration } from '@/format/numbers';

import { linkHere } from './linkHere';

interface LoginLinkDialogProps {
  open: boolean;
  onClose: () => void;
}

/** A link that signs one browser in, once: for a phone, or for a colleague without an account. */
export function LoginLinkDialog({ open, onClose }: LoginLinkDialogProps) {
  return (
    <Dialog open={open} onClose={onClose} title="One-time login link">
      <LoginLink onClose={onClose} />
    </Dialog>
  );
}

function LoginLink({ onClose }: { onClose: () => void }) {
  const create = useMutation({ mutationFn: createLoginLink, meta: { failure: null } });
  const asked = useRef(false);
  const { mutate, data, error } = create;
  useEffect(() => {
    if (asked.current) return;
    asked.current = true;
    mutate();
  }, [mutate]);
  return (
    <>
      <DialogBody>
        {error && <ErrorState error={error} onRetry={() => mutate()} what="The link was not created." />}
        {!error && (
          <p className="text-[0.8125rem] text-ink-2">
            Whoever opens it first is signed in <strong className="font-medium text-ink">with your rights</strong>.
            It works once{data && <>, within {duration(data.expires_in_s)}</>}.
          </p>
        )}
        {data && <CopyOnce value={linkHere(data.url, location.origin)} testId="new-login-link" />}
        {!data && !error && <Skeleton className="h-11 w-full" />}
      </DialogBody>
      <DialogFooter>
        <Button variant="primary" onClick={onClose}>
          Done
        </Button>
      </DialogFooter>
    </>
  );
}
