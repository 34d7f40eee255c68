package import CastyCore
package import CastySerialization
import NIOCore

/// The handshake that opens a connection, for either side: a value that receives events and returns effects.
///
/// ```
/// caller                                     called
/// onConnected ── hello ───────────────────▶  checks magic, versions, cluster, addressee, incarnation, codecs
///                                            decide: the shell knows duplicates, shutdown, load
/// checks it  ◀────────────────── welcome ──  onAdmitted: established
/// established    ◀───── or: refusal, close ──  onRefused, or a check that failed
/// ```
///
/// Any other frame, or silence until the deadline, ends the handshake. Both sides arrive at the same codec: the first
/// one in the caller's list that the called node supports; and at the same version: the highest that both speak. Who
/// sits between them could lower an offer only where nothing protects the connection: with credentials the whole
/// handshake travels inside TLS, which authenticates each byte. And the welcome states what the called node speaks, so
/// that the caller refuses a choice below the highest common version.
package struct Handshake: Sendable {
    /// What a node states about itself.
    package struct Settings: Sendable, Equatable {
        package var cluster: String
        package var local: UniqueAddress
        package var versions: ProtocolVersions
        package var capabilities: Capabilities
        /// How long the whole handshake may take.
        package var timeout: Duration
        /// Whether the other side must have proven who it is, below this handshake.
        package var demandsAuthentication: Bool

        package init(
            cluster: String, local: UniqueAddress, versions: ProtocolVersions = .spoken,
            capabilities: Capabilities = Capabilities(), timeout: Duration = .seconds(5),
            demandsAuthentication: Bool = false
        ) {
            self.versions = versions
            self.demandsAuthentication = demandsAuthentication
            self.cluster = cluster
            self.local = local
            self.capabilities = capabilities
            self.timeout = timeout
        }
    }

    /// The other side, as the handshake established it.
    package struct Peer: Sendable, Equatable {
        package var address: UniqueAddress
        /// The protocol version of the connection: the highest that both ends speak.
        package var version: UInt16
        package var capabilities: Capabilities
        /// The codec for user messages, in both directions.
        package var codec: CodecID
        /// What it may do here.
        package var authority: PeerAuthentication.Capability

        package init(
            address: UniqueAddress, version: UInt16 = ProtocolVersions.spoken.highest, capabilities: Capabilities,
            codec: CodecID, authority: PeerAuthentication.Capability = .member
        ) {
            self.address = address
            self.version = version
            self.capabilities = capabilities
            self.codec = codec
            self.authority = authority
        }
    }

    package enum Effect: Sendable, Equatable {
        /// Send, on the control lane.
        case send(HandshakeMessage)
        /// Call ``onDeadline(at:)`` at this instant, unless the handshake has ended by then.
        case arm(Instant)
        /// The caller has passed all checks: answer with ``onAdmitted(at:)`` or ``onRefused(_:_:at:)``.
        case decide(Peer)
        /// The association is open; later frames belong to it.
        case established(Peer)
        /// Close, after everything sent is flushed.
        case close(HandshakeFailure)
    }

    private enum Side {
        case dialler(of: NodeAddress, incarnation: UInt64?)
        case accepting
    }

    private enum State {
        case idle
        case waiting(until: Instant)
        case deciding(Peer, until: Instant)
        case established
        case ended
    }

    private let side: Side
    private let settings: Settings
    private var state = State.idle

    /// The side that connected.
    ///
    /// - Parameters:
    ///   - address: The address it dialled.
    ///   - incarnation: The incarnation it wants to reach, where known.
    package init(dialling address: NodeAddress, incarnation: UInt64? = nil, _ settings: Settings) {
        side = .dialler(of: address, incarnation: incarnation)
        self.settings = settings
    }

    /// The side that was connected to.
    package init(accepting settings: Settings) {
        side = .accepting
        self.settings = settings
    }

    package var isEstablished: Bool {
        if case .established = state { true } else { false }
    }

    /// The connection is open.
    package mutating func onConnected(at now: Instant) -> [Effect] {
        guard case .idle = state else { return [] }
        let deadline = now + settings.timeout
        state = .waiting(until: deadline)
        switch side {
        case .dialler(let address, let incarnation):
            let hello = HandshakeMessage.Hello(
                versions: settings.versions, cluster: settings.cluster, from: settings.local, to: address,
                expected: incarnation, capabilities: settings.capabilities)
            return [.send(.hello(hello)), .arm(deadline)]
        case .accepting:
            return [.arm(deadline)]
        }
    }

    /// A frame arrived.
    ///
    /// - Parameter authentication: What the connection has proven about the peer; `nil` for nothing.
    package mutating func onFrame(
        _ frame: Frame, from authentication: PeerAuthentication? = nil, at now: Instant
    ) -> [Effect] {
        switch state {
        case .established, .ended: return []
        case .idle, .deciding: return end(.outOfTurn, "a \(frame.kind) came before its turn")
        case .waiting(let deadline):
            guard now < deadline else { return onDeadline(at: now) }
            var payload = frame.payload
            let message: HandshakeMessage
            do {
                message = try HandshakeMessage(frame.kind, from: &payload)
            } catch {
                return onUnreadable(frame.kind, error)
            }
            switch (side, message) {
            case (.dialler(let address, let incarnation), .welcome(let welcome)):
                return onWelcome(welcome, dialling: address, incarnation, authentication)
            case (.dialler(let address, _), .refusal(let refusal)):
                return onRefusal(refusal, dialling: address, authentication)
            case (.accepting, .hello(let hello)):
                return onHello(hello, authentication, until: deadline)
            case (.dialler, .hello), (.accepting, .welcome), (.accepting, .refusal):
                return end(.outOfTurn, "a \(frame.kind) came, which the other side sends")
            }
        }
    }

    /// The shell welcomes the caller.
    package mutating func onAdmitted(at now: Instant) -> [Effect] {
        guard case .deciding(let peer, _) = state else { return [] }
        state = .established
        let welcome = HandshakeMessage.Welcome(
            version: peer.version, versions: settings.versions, cluster: settings.cluster, from: settings.local,
            to: peer.address, capabilities: settings.capabilities)
        return [.send(.welcome(welcome)), .established(peer)]
    }

    /// The shell does not welcome the caller.
    package mutating func onRefused(_ reason: RefusalReason, _ message: String = "", at now: Instant) -> [Effect] {
        guard case .deciding(let peer, _) = state else { return [] }
        return refuse(reason, message, peer: peer.address)
    }

    /// The instant of ``Effect/arm(_:)`` has come.
    package mutating func onDeadline(at now: Instant) -> [Effect] {
        switch state {
        case .waiting(let deadline), .deciding(_, let deadline):
            guard now >= deadline else { return [.arm(deadline)] }
            return end(.timedOut, "no answer within \(settings.timeout.inSeconds) s")
        case .idle, .established, .ended: return []
        }
    }
}

/// Why a handshake failed.
package struct HandshakeFailure: Error, Sendable, Equatable {
    package enum Code: Sendable, Equatable {
        /// The peer refused.
        case refused(RefusalReason)
        /// This side refused.
        case refuses(RefusalReason)
        /// A peer refused that has not proven to be a node: its reason may be made up.
        case refusedWithoutProof
        /// The deadline passed.
        case timedOut
        /// A frame arrived that does not belong at this point of the handshake.
        case outOfTurn
        case closed
    }

    package var code: Code
    package var message: String
    /// The incarnation at the other end, where it stated one. Not proven: a peer may claim anything.
    package var peer: UniqueAddress?

    package init(_ code: Code, _ message: String, peer: UniqueAddress? = nil) {
        self.code = code
        self.message = message
        self.peer = peer
    }
}

extension Handshake {
    private mutating func onHello(
        _ hello: HandshakeMessage.Hello, _ authentication: PeerAuthentication?, until deadline: Instant
    ) -> [Effect] {
        let local = settings.local
        let observes = hello.capabilities.observe
        guard let version = settings.versions.common(with: hello.versions) else {
            return refuse(.wrongVersion, mismatch(called: settings.versions, caller: hello.versions), peer: hello.from)
        }
        if let problem = Authority.problem(
            with: authentication, of: hello.from, observes: observes, isDemanded: settings.demandsAuthentication)
        {
            return refuse(problem.reason, problem.message, peer: hello.from)
        }
        guard hello.cluster == settings.cluster else {
            return refuse(.wrongCluster, "this is cluster \(settings.cluster)", peer: hello.from)
        }
        guard hello.to == local.address, hello.from.address != local.address else {
            return refuse(.notAddressed, "this is \(local.address)", peer: hello.from)
        }
        guard hello.expected == nil || hello.expected == local.incarnation else {
            return refuse(.wrongIncarnation, "this is \(local)", peer: hello.from)
        }
        guard let codec = Self.codec(of: hello.capabilities, accepting: settings.capabilities) else {
            return refuse(.noCommonCodec, "this node speaks \(settings.capabilities.codecs)", peer: hello.from)
        }
        let peer = Peer(
            address: hello.from, version: version, capabilities: hello.capabilities, codec: codec,
            authority: Authority.granted(to: authentication, observes: observes))
        state = .deciding(peer, until: deadline)
        return [.decide(peer)]
    }

    /// The called node has checked all this too, but the caller does not trust it.
    private mutating func onWelcome(
        _ welcome: HandshakeMessage.Welcome, dialling address: NodeAddress, _ incarnation: UInt64?,
        _ authentication: PeerAuthentication?
    ) -> [Effect] {
        guard settings.versions.contains(welcome.version), welcome.versions.contains(welcome.version) else {
            let problem = mismatch(called: welcome.versions, caller: settings.versions)
            return end(.refuses(.wrongVersion), "\(problem): \(welcome.version) was chosen", peer: welcome.from)
        }
        guard welcome.version == settings.versions.common(with: welcome.versions) else {
            let problem = mismatch(called: welcome.versions, caller: settings.versions)
            return end(
                .refuses(.wrongVersion),
                "\(problem): \(welcome.version) was chosen, so the offer was changed on its way",
                peer: welcome.from)
        }
        // Who welcomes others is a node.
        if let problem = Authority.problem(
            with: authentication, of: welcome.from, observes: false, isDemanded: settings.demandsAuthentication)
        {
            return end(.refuses(problem.reason), problem.message, peer: welcome.from)
        }
        guard welcome.cluster == settings.cluster else {
            return end(.refuses(.wrongCluster), "that is cluster \(welcome.cluster)", peer: welcome.from)
        }
        guard welcome.from.address == address, welcome.to == settings.local else {
            return end(.refuses(.notAddressed), "\(welcome.from) welcomes \(welcome.to)", peer: welcome.from)
        }
        guard incarnation == nil || incarnation == welcome.from.incarnation else {
            return end(.refuses(.wrongIncarnation), "that is \(welcome.from)", peer: welcome.from)
        }
        guard let codec = Self.codec(of: settings.capabilities, accepting: welcome.capabilities) else {
            return end(.refuses(.noCommonCodec), "that node speaks \(welcome.capabilities.codecs)", peer: welcome.from)
        }
        state = .established
        return [
            .established(
                Peer(
                    address: welcome.from, version: welcome.version, capabilities: welcome.capabilities, codec: codec))
        ]
    }

    /// A refusal says what this node should think of the address for long, so it counts only from a node.
    private mutating func onRefusal(
        _ refusal: HandshakeMessage.Refusal, dialling address: NodeAddress, _ authentication: PeerAuthentication?
    ) -> [Effect] {
        let refuser = refusal.from ?? UniqueAddress(address: address, incarnation: 0)
        if let problem = Authority.problem(
            with: authentication, of: refuser, observes: false, isDemanded: settings.demandsAuthentication)
        {
            return end(.refusedWithoutProof, "refused by a peer that has no proof to be a node: \(problem.message)")
        }
        return end(.refused(refusal.reason), refusal.message, peer: refusal.from)
    }

    private mutating func onUnreadable(_ kind: FrameKind, _ error: WireError) -> [Effect] {
        switch (side, kind) {
        case (.accepting, .hello) where error.code == .unsupportedVersion:
            refuse(.wrongVersion, mismatch(called: settings.versions, caller: error.message))
        case (.dialler, .welcome) where error.code == .unsupportedVersion:
            end(.refuses(.wrongVersion), mismatch(called: error.message, caller: settings.versions))
        case (.accepting, .hello), (.dialler, .welcome), (.dialler, .refusal): end(.refuses(.malformed), error.message)
        case (.dialler, _), (.accepting, _): end(.outOfTurn, error.message)
        }
    }

    /// The versions of both ends, in words that mean the same to either.
    private func mismatch(called: some CustomStringConvertible, caller: some CustomStringConvertible) -> String {
        "the called node speaks protocol version \(called), the caller \(caller)"
    }

    private mutating func refuse(_ reason: RefusalReason, _ message: String, peer: UniqueAddress? = nil) -> [Effect] {
        let short = message.utf8.count <= 255 ? message : ""
        let refusal = HandshakeMessage.Refusal(reason: reason, message: short, from: settings.local)
        return [.send(.refusal(refusal))] + end(.refuses(reason), message, peer: peer)
    }

    private mutating func end(_ code: HandshakeFailure.Code, _ message: String, peer: UniqueAddress? = nil) -> [Effect]
    {
        state = .ended
        return [.close(HandshakeFailure(code, message, peer: peer))]
    }

    private static func codec(of dialler: Capabilities, accepting: Capabilities) -> CodecID? {
        dialler.codecs.first { accepting.codecs.contains($0) }
    }
}
