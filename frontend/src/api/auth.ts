import { queryOptions } from '@tanstack/react-query';

import { api, unwrap } from './client';
import type { ApiKeyCreate, LoginRequest, Role } from './types';

/** Whose session this browser holds. */
export const whoAmI = () => unwrap(api.GET('/api/v1/auth/me'));

export const meQuery = queryOptions({
  queryKey: ['me'],
  queryFn: whoAmI,
  staleTime: 5 * 60_000,
  retry: false,
});

export const apiKeysQuery = queryOptions({
  queryKey: ['api-keys'],
  queryFn: () => unwrap(api.GET('/api/v1/auth/api-keys')),
});

export const accountsQuery = queryOptions({
  queryKey: ['accounts'],
  queryFn: () => unwrap(api.GET('/api/v1/accounts')),
});

export const signIn = (body: LoginRequest) => unwrap(api.POST('/api/v1/auth/login', { body }));

export const signOut = () => unwrap(api.POST('/api/v1/auth/logout'));

/** A link that signs one browser in, once, with the rights of whoever asks for it. */
export const createLoginLink = () => unwrap(api.POST('/api/v1/auth/login-links'));

export const createApiKey = (body: ApiKeyCreate) => unwrap(api.POST('/api/v1/auth/api-keys', { body }));

export const revokeApiKey = (key_id: string) =>
  unwrap(api.DELETE('/api/v1/auth/api-keys/{key_id}', { params: { path: { key_id } } }));

export const createAccount = (body: { username: string; password: string; role: Role }) =>
  unwrap(api.POST('/api/v1/accounts', { body }));

export interface AccountChange {
  account_id: string;
  role?: Role;
  enabled?: boolean;
  password?: string;
}

export const updateAccount = ({ account_id, ...body }: AccountChange) =>
  unwrap(api.PATCH('/api/v1/accounts/{account_id}', { params: { path: { account_id } }, body }));

export const removeAccount = (account_id: string) =>
  unwrap(api.DELETE('/api/v1/accounts/{account_id}', { params: { path: { account_id } } }));
