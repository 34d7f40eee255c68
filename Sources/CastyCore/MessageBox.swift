/// An object of the runtime that holds one message and nothing else, so that other code can look for the message inside
/// it.
@usableFromInline
package protocol MessageBox: AnyObject, Sendable {}
