public import CastyActors
public import CastySharding

/// An entity as a client reaches it: typed, and valid whether the entity runs, moves, or restarts.
///
/// The message is encoded by the client, and a node decodes it as the type that it knows under the entity's type name;
/// where the two differ, the request is refused with both names. Messages to one entity go through one node as long as
/// that is connected, so those that are sent one after the other arrive in order.
public struct ClientEntityRef<Message: Sendable>: Sendable {
    let client: CastyClient
    let entityType: EntityType<Message>
    /// The entity's whole id.
    public let id: String

    /// The name of its type.
    public var type: String { entityType.name }

    /// Sends it a message, and returns when a node has accepted it; it may still be lost between nodes, as any message
    /// may. Use ``ask(within:repeatsLost:_:)`` to know that it was handled.
    ///
    /// The message holds no reference to an actor.
    ///
    /// - Parameters:
    ///   - message: The message.
    ///   - timeout: How long to wait for a node at most.
    /// - Throws: ``ClientError``, as soon as the client or a node knows that it does not arrive.
    public func tell(_ message: Message, within timeout: Duration = .seconds(10)) async throws(ClientError) {
        let request = try client.entities.message(message, for: id, entityType)
        _ = try await client.deliver(request, within: timeout)
    }

    /// Asks it, and waits for its reply.
    ///
    /// - Parameters:
    ///   - timeout: How long to wait at most, counted by the node that forwards the question; where that node hangs, up to
    ///     a second longer.
    ///   - repeatsLost: Whether the question may be handled twice: then it is sent again through another node where the
    ///     connection is lost before the reply. Otherwise the ask fails then, with
    ///     ``ClientError/Code/connectionLost``.
    ///   - question: Makes the message from the reference that the reply goes to; it may hold no other reference.
    /// - Throws: ``ClientError``, as soon as the client or a node knows that no reply can come.
    ///   ``ClientError/isSurelyUnhandled`` says whether the entity may have handled it.
    public func ask<Reply: Sendable>(
        within timeout: Duration = .seconds(10), repeatsLost: Bool = false,
        _ question: (ActorRef<Reply>) -> Message
    ) async throws(ClientError) -> Reply {
        let request = try client.entities.question(for: id, entityType, repeatsLost: repeatsLost, question)
        return try client.entities.value(of: await client.deliver(request, within: timeout), as: Reply.self)
    }
}

extension ClientEntityRef: Hashable {
    /// References are equal when they name the same entity through the same client.
    public static func == (left: ClientEntityRef, right: ClientEntityRef) -> Bool {
        left.id == right.id && left.type == right.type && left.client === right.client
    }

    /// Hashes what equality compares.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(type)
        hasher.combine(id)
    }
}

extension ClientEntityRef: CustomStringConvertible {
    /// The type and the id.
    public var description: String { "\(type) \(id)" }
}
