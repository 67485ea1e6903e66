/**
 * The fields that requests of the back office's own routes may have.
 *
 * @module
 */
import { z } from 'zod'
import { PASSWORD_MAX } from '../../access/index.ts'
import { text } from '../fields.ts'

/** An e-mail address. */
export const email = z
  .string('email is an e-mail address')
  .trim()
  .max(254, 'email has at most 254 characters')
  .regex(/^[^\s@\p{Cc}\p{Cs}]+@[^\s@\p{Cc}\p{Cs}]+$/u, 'email is an e-mail address')

/** The name of a person. */
export const personName = text('name', 100)

// Short ones are refused with what a password must be, where one is chosen.
const password = z.string('password is a text').max(PASSWORD_MAX * 2, 'password is too long')
const code = z.string('code is a text').max(100, 'code is too long')

/** The body of `POST /console/api/session`. */
export const signInFields = z.strictObject({ email, password, code: code.optional() })

/** The body of `POST /console/api/owner`. */
export const createOwnerFields = z.strictObject({ code, email, name: personName, password })

/** The body of `POST /console/api/invitation`. */
export const invitationFields = z.strictObject({ token: text('token', 100), password })

/** The body of `PATCH /console/api/profile`. */
export const profileFields = z.strictObject({
  name: personName.optional(),
  locale: z.enum(['zh', 'en'], 'locale is zh or en').nullable().optional(),
})

/** The body of `POST /console/api/password`. */
export const changePasswordFields = z.strictObject({ current: password, new: password })

/** The body of `POST /console/api/totp/confirm`. */
export const codeFields = z.strictObject({ code })

/** The body of `DELETE /console/api/totp`. */
export const passwordFields = z.strictObject({ password })
