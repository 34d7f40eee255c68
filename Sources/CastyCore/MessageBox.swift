/// An object of the runtime that holds one message and nothing else, so that the message may be looked for inside it.
@usableFromInline
package protocol MessageBox: AnyObject, Sendable {}
