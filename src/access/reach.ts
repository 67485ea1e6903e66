/**
 * Which applications of a server somebody reaches. What he may do there his scopes say.
 *
 * @module
 */

/** `*`: all, also those that are yet to come; else the ids (`app_…`) of those that are named. */
export type Reach = '*' | readonly string[]

/** Whether somebody reaches an application. */
export function reaches(reach: Reach, appId: string): boolean {
  return reach === '*' || reach.includes(appId)
}

/** Whether who has `own` reaches all that `other` reaches: nobody gives away more than he has. */
export function covers(own: Reach, other: Reach): boolean {
  return own === '*' || (other !== '*' && other.every((appId) => own.includes(appId)))
}

/** Whether both reach an application in common, so that one knows of the other. */
export function meets(own: Reach, other: Reach): boolean {
  return own === '*' || other === '*' || other.some((appId) => own.includes(appId))
}
