/// The failure of an actor that watches another one and does not handle its end.
///
/// A watch without a message is a pact: an actor whose behavior has no handler for signals, or answers
/// ``Signal/terminated(_:)`` with ``Behavior/unhandled``, fails with this error when the watched actor has stopped. Its
/// supervision decides what follows; without one it stops.
public struct DeathPactError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The end that was not handled.
    public let news: Terminated

    /// For a person: what has happened.
    public var description: String {
        "\(news.ref.address) has ended (\(news.reason.rawValue)), which this actor watches and does not handle"
    }
}
