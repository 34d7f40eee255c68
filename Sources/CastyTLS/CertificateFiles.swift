import CastyCore
import Glibc
import Logging
import NIOCore
import NIOSSL
import Synchronization

/// The certificates of a node, in files that may change while it runs.
final class CertificateFiles: Sendable {
    struct Contexts: Sendable {
        let dialling: NIOSSLContext
        let accepting: NIOSSLContext
        /// What the certificate lets its owner do, if it is valid.
        let capability: PeerAuthentication.Capability?
    }

    private struct State {
        var contexts: Contexts?
        var versions: [FileVersion] = []
        var checked = NIODeadline.uptimeNanoseconds(0)
    }

    /// How long a look at the files counts.
    private static let pause = TimeAmount.milliseconds(500)

    let certificate: String
    let key: String
    let trust: String
    let checksNames: Bool
    private let state = Mutex(State())
    private let log: Logger

    init(
        certificate: String, key: String, trust: String, checksNames: Bool, log: Logger = Logger(label: "casty.tls")
    ) {
        self.log = log
        self.certificate = certificate
        self.key = key
        self.trust = trust
        self.checksNames = checksNames
    }

    /// Reads the files.
    ///
    /// - Throws: ``CredentialError`` where they cannot be used.
    func load() throws(CredentialError) {
        let versions = versions
        let contexts = try read()
        state.withLock { state in
            state.contexts = contexts
            state.versions = versions
            state.checked = .now()
        }
    }

    /// What the certificate lets this process do; `nil` where it is not valid now.
    var capability: PeerAuthentication.Capability? { state.withLock { $0.contexts?.capability } }

    /// The contexts for a new connection. Reads files that have changed; what cannot be used changes nothing.
    ///
    /// Looks at the files on the thread that begins the connection, which a slow disk delays.
    func contexts() throws(CredentialError) -> Contexts {
        let (current, isDue) = state.withLock { state in
            let isDue = NIODeadline.now() >= state.checked + Self.pause
            if isDue { state.checked = .now() }
            return (state.contexts, isDue)
        }
        if isDue {
            let versions = versions
            let isNew = state.withLock { state in
                defer { state.versions = versions }
                return state.versions != versions
            }
            if isNew {
                do {
                    let fresh = try read()
                    state.withLock { $0.contexts = fresh }
                    return fresh
                } catch {
                    // Once for each change of the files.
                    log.warning("the changed certificates cannot be used, those before stay in use: \(error)")
                }
            }
        }
        guard let current else { throw CredentialError("the certificates have not been read") }
        return current
    }

    private var versions: [FileVersion] { [certificate, key, trust].map(FileVersion.init) }

    private func read() throws(CredentialError) -> Contexts {
        let chain = try certificates(in: certificate, named: "certificate")
        let roots = try certificates(in: trust, named: "authority")
        let privateKey: NIOSSLPrivateKey
        do {
            privateKey = try NIOSSLPrivateKey(file: key, format: .pem)
        } catch {
            throw CredentialError("\(key) holds no private key that can be read, as PEM without a password")
        }
        do {
            let sources = chain.map { NIOSSLCertificateSource.certificate($0) }
            var accepting = TLSConfiguration.makeServerConfigurationWithMTLS(
                certificateChain: sources, privateKey: .privateKey(privateKey), trustRoots: .certificates(roots))
            accepting.minimumTLSVersion = .tlsv13
            var dialling = TLSConfiguration.makeClientConfiguration()
            dialling.certificateChain = sources
            dialling.privateKey = .privateKey(privateKey)
            dialling.trustRoots = .certificates(roots)
            dialling.minimumTLSVersion = .tlsv13
            dialling.certificateVerification = checksNames ? .fullVerification : .noHostnameVerification
            return Contexts(
                dialling: try NIOSSLContext(configuration: dialling),
                accepting: try NIOSSLContext(configuration: accepting),
                capability: chain[0].authentication(checksNames: false)?.capability)
        } catch {
            throw CredentialError(
                "\(certificate) and \(key) cannot be used together: is the key that of the certificate?")
        }
    }

    private func certificates(in file: String, named name: String) throws(CredentialError) -> [NIOSSLCertificate] {
        let found = try? NIOSSLCertificate.fromPEMFile(file)
        guard let found, !found.isEmpty else {
            throw CredentialError("\(file) holds no \(name) that can be read, as PEM")
        }
        return found
    }
}

/// What changes with the contents of a file.
private struct FileVersion: Hashable {
    var inode: UInt64 = 0
    var size: Int64 = 0
    var seconds: Int = 0
    var nanoseconds: Int = 0

    /// All zero where there is no file.
    init(_ file: String) {
        var status = stat()
        guard stat(file, &status) == 0 else { return }
        inode = UInt64(status.st_ino)
        size = Int64(status.st_size)
        seconds = status.st_mtim.tv_sec
        nanoseconds = status.st_mtim.tv_nsec
    }
}
