import CastyCore
import Glibc
import NIOSSL

extension NIOSSLCertificate {
    /// What the certificate lets its owner do; `nil` where it is not valid now, or names something that this version does
    /// not know. Neither the scheme of a URI nor the word behind it depends on case: a name that is written otherwise
    /// must not be taken for none, which is for a node.
    ///
    /// TLS has checked the time already, but not for a session that began earlier and is resumed.
    ///
    /// - Parameter checksNames: Whether the hosts that it names are the only ones that its owner may state.
    func authentication(checksNames: Bool) -> PeerAuthentication? {
        let now = time(nil)
        guard notValidBefore <= now, now <= notValidAfter else { return nil }
        var hosts: [String] = []
        var granted: [PeerAuthentication.Capability] = []
        for name in _subjectAlternativeNames() {
            switch name.nameType {
            case .dnsName: hosts.append(String(decoding: name.contents, as: UTF8.self))
            case .ipAddress: if let address = Self.address(Array(name.contents)) { hosts.append(address) }
            case .uri:
                let text = String(decoding: name.contents, as: UTF8.self).lowercased()
                guard text.hasPrefix("casty:") else { continue }
                let word = text.dropFirst("casty:".count)
                guard let capability = PeerAuthentication.Capability.allCases.first(where: { "\($0)" == word }) else {
                    return nil
                }
                granted.append(capability)
            default: continue
            }
        }
        return PeerAuthentication(granted.max() ?? .member, hosts: checksNames ? hosts : nil)
    }

    /// The text of a numeric address of 4 or 16 bytes, as addresses of nodes are written.
    private static func address(_ bytes: [UInt8]) -> String? {
        let family = bytes.count == 4 ? AF_INET : AF_INET6
        guard bytes.count == 4 || bytes.count == 16 else { return nil }
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        guard inet_ntop(family, bytes, &text, socklen_t(text.count)) != nil else { return nil }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
