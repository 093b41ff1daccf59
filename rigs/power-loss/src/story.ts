/** The file that the actor tells its steps to; no power loss takes it. */
export const STORY = 'story'
