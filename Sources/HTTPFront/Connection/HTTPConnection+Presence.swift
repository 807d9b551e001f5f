internal import Broker

// What a stream tells of comings and goings: how it is when it begins, and each change after that. A client that reads
// slowly is told the last of several changes of one recipient; what waits for it is bounded by how many it asked for.
extension HTTPConnection: PresenceSink {
    /// The stream has begun: asks the shards after those whose presence it is to tell.
    func watchPresence(_ stream: EventStream) {
        guard !stream.presence.isEmpty else { return }
        for (index, recipients) in Dictionary(grouping: stream.presence, by: front.broker.shardIndex(of:)) {
            let watcher = PresenceWatcher(sink: self)
            stream.watchers.append((watcher, index))
            front.perform(onShard: index) { shard in
                shard.watch(watcher, recipients)
            } then: { result in
                guard self.stream === stream, case .success(let presences) = result else { return }
                // A change may have come before this answer, and is newer.
                for presence in presences where stream.untoldPresence[presence.recipient] == nil {
                    stream.untoldPresence[presence.recipient] = presence.isOnline
                }
                self.writePresence()
            }
        }
    }

    /// The stream has ended.
    func unwatchPresence(_ stream: EventStream) {
        for (watcher, index) in stream.watchers { front.tell(shard: index) { shard in shard.unwatch(watcher) } }
        stream.watchers = []
    }

    /// On the executor of the recipient's shard.
    func presenceChanged(_ presence: Presence) {
        guard front.loop.isCurrent else {
            return front.loop.execute { self.note(presence) }
        }
        note(presence)
    }

    private func note(_ presence: Presence) {
        guard let stream else { return }
        stream.untoldPresence[presence.recipient] = presence.isOnline
        writePresence()
    }

    /// Tells what is yet to be told, if the client has taken everything before.
    func writePresence() {
        guard let stream, !stream.untoldPresence.isEmpty, channel.pendingBytes == 0, !channel.isClosed else { return }
        for recipient in stream.presence {
            guard let isOnline = stream.untoldPresence[recipient] else { continue }
            stream.encoder.presence(Presence(recipient: recipient, isOnline: isOnline), front.streamOutput)
        }
        stream.untoldPresence = [:]
        postOutput()
        rearm()
    }
}
