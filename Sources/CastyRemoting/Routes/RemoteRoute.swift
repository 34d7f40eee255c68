import CastyActors
import CastyCore
import CastyObservability
import CastySerialization
import NIOCore
import Synchronization

/// The route to one actor of another node. Messages are encoded on the sender's thread, directly into the queue for the
/// connection.
final class RemoteRoute<Message: Sendable>: Route {
    let address: ActorAddress
    private let remoting: Remoting
    private let state = RouteState()

    init(to address: ActorAddress, _ remoting: Remoting) {
        self.address = address
        self.remoting = remoting
    }

    func deliver(_ message: Message) -> Delivery {
        let route: ResolvedRoute
        if let known = state.resolved {
            route = known
        } else {
            switch prepare() {
            case .success(let made): route = state.resolve(made)
            case .failure(let refusal):
                refuse(message, refusal.code, refusal.reason)
                return .refused(refusal.loss)
            }
        }
        if state.take() {
            defer { state.leave() }
            return send(message, route, &state.scratch)
        }
        var another = RouteScratch()
        return send(message, route, &another)
    }

    private func send(_ message: Message, _ route: ResolvedRoute, _ scratch: inout RouteScratch) -> Delivery {
        // Safe: only `prepare()` creates it, from the registration of this very type.
        let registered = unsafeDowncast(route.registered, to: RegisteredType<Message>.self)
        let agreed = route.registered.codec(agreed: route.association.codec)
        let carries = writeContext(for: route, into: &scratch.buffer)
        let codec = carries ? TracePart.marked(agreed) : agreed
        defer { scratch.note?.asker = nil }
        do {
            try registered.encode(message, with: agreed, context: context(&scratch), into: &scratch.buffer)
        } catch {
            remoting.warn("encode \(route.registered.name)", "\(route.registered.name) cannot be encoded: \(error)")
            refuse(
                message, .notEncodable, "\(remoting.system.address) cannot write a \(route.registered.name): \(error)")
            return .refused(.undecodable)
        }
        let asker = scratch.note?.asker
        let size = QueuedFrame.bound(scratch.buffer.readableBytes, route.destination, asker)
        guard size <= remoting.settings.frameLimit else {
            let limit = remoting.settings.frameLimit
            remoting.warn(
                "size \(route.registered.name)",
                "a \(route.registered.name) of \(size) bytes is above the limit of \(limit)")
            refuse(
                message, .tooLarge,
                "a \(route.registered.name) of \(size) bytes from \(remoting.system.address) is above the limit of \(limit)"
            )
            return .refused(.undecodable)
        }
        var lossClass: LossClass? = route.destination.lossClass
        if route.isClassified, let own = message as? any LossClassified { lossClass = own.lossClass }
        // Before it is queued: once queued, the message may be returned at any time and sent elsewhere.
        asker?.questionLeft(for: address.node)
        let delivery = route.association.enqueue(route.destination, codec, lossClass, scratch.buffer, asker: asker)
        if case .refused(.bufferFull) = delivery, isReply {
            // Signals have limits of their own, so the asker still learns that its reply found no room.
            post(.unanswered(.mailboxFull, "too much waits at \(remoting.system.address) for \(address.node)"))
        }
        return delivery
    }

    /// A reply answers a question and contains none, so it is not searched for one.
    private func context(_ scratch: inout RouteScratch) -> CodingContext {
        isReply ? remoting.context : scratch.context(from: remoting)
    }

    /// Writes what the code that sends runs for, before the message itself.
    ///
    /// - Returns: Whether anything was written.
    private func writeContext(for route: ResolvedRoute, into buffer: inout ByteBuffer) -> Bool {
        guard let tracer = remoting.system.tracing?.tracer, !isReply, route.association.readsContexts,
            let context = tracer.current
        else { return false }
        return TracePart.write(tracer.texts(of: context), into: &buffer)
    }

    private var isReply: Bool { address.path.first == "temp" }

    /// The message cannot be sent. The ask that it would answer, or the asks inside it, fail with the reason.
    private func refuse(_ message: Message, _ code: AskError.Code, _ reason: String) {
        if isReply {
            post(.unanswered(code, reason))
        } else {
            Questions.fail(in: message, code, reason)
        }
    }

    private struct Refusal: Error {
        let loss: LossReason
        let code: AskError.Code
        let reason: String
    }

    private func prepare() -> Result<ResolvedRoute, Refusal> {
        let registered: RegisteredType<Message>
        do {
            registered = try remoting.system.registry.registration(of: Message.self)
        } catch {
            remoting.warn("register \(error.message)", "cannot send to \(address.node): \(error)")
            return .failure(
                Refusal(
                    loss: .undecodable, code: .notEncodable, reason: "\(remoting.system.address) cannot send: \(error)")
            )
        }
        guard address.mayTravel else {
            return .failure(
                Refusal(
                    loss: .undecodable, code: .notEncodable, reason: "the address \(address) is none that travels"))
        }
        guard let association = remoting.association(with: address.node) else {
            return .failure(
                Refusal(
                    loss: .unreachable, code: .unreachable,
                    reason: "\(remoting.system.address) has no way to \(address.node)"))
        }
        // A type that carries users' messages stays in the user lane, so that messages from a sender to one actor keep
        // their order.
        let isClassified = Message.self is any LossClassified.Type
        let isControl = LossClass(path: address.path) == .control && !isClassified
        let destination = Destination(
            address: address, wireType: registered.name, type: Message.self,
            lane: isControl ? .control : .user)
        return .success(
            ResolvedRoute(
                registered: registered, destination: destination, association: association, isClassified: isClassified))
    }

    func post(_ signal: SystemMessage) {
        switch signal {
        case .watch(let watcher, let watched):
            guard let association = remoting.association(with: address.node) else {
                return watcher.target.post(.terminated(Terminated(ref: watched, reason: .noSuchActor)))
            }
            association.watch(watched, by: watcher)
        case .unwatch(let watcher, let watched):
            remoting.association(with: address.node)?.unwatch(watched, by: watcher)
        case .unanswered(let code, let reason):
            remoting.association(with: address.node)?.send(
                .unanswered(asker: address, code, String(printable: reason)))
        // An actor of another node can be stopped only by a message. The remaining signals are between an actor and its
        // own system.
        case .stop, .terminated, .childStopped, .timer, .receiveTimeout, .restart, .resume, .job: break
        }
    }
}
