/// The shape of every error of the library: a code to act on, a message for a person, and a cause where there is one.
///
/// ```swift
/// do {
///     …
/// } catch let error as any CastyError {
///     log.error("\(error.code): \(error.message)")
/// }
/// ```
///
/// A later version can add codes: outside the library, a `switch` over one needs a `default`.
public protocol CastyError: Error, Sendable, CustomStringConvertible {
    /// The codes of this kind of error.
    associatedtype Code: CastyErrorCode
    /// What causes it.
    associatedtype Cause = any Error

    /// What happened.
    var code: Code { get }
    /// For a person: what is wrong, and what to do.
    var message: String { get }
    /// What led to it; `nil` where the error says everything.
    var cause: Cause? { get }
}

extension CastyError where Cause == any Error {
    /// The error says everything.
    public var cause: (any Error)? { nil }
}

extension CastyError {
    /// The message.
    public var description: String { message }
}

/// The shape of the codes of a ``CastyError``: values with a name, to which a later version can add some.
///
/// The library's own codes are enumerations marked `@nonexhaustive`: the library itself handles each of them by name, and
/// a program that uses it stays valid when one is added.
public protocol CastyErrorCode: RawRepresentable<String>, Hashable, Sendable, CustomStringConvertible {}

extension CastyErrorCode {
    /// The name of the code.
    public var description: String { rawValue }
}
