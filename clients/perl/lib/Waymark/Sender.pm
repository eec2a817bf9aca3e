package Waymark::Sender;

# One pass: push until nothing is due, ask after what is retained, fetch what came. PROTOCOL.md, 5, 7 and 8.

use v5.36;
use Time::HiRes ();
use Waymark::Answer qw(receipt_believed settled suspect_after wait_s);
use Waymark::Bytes qw(from_base64url to_base64url);
use Waymark::Item qw(header_of);
use Waymark::Seal qw(open_sealed sign unpad $LABEL);
use Waymark::Trust qw(covered leaf_of merkle_root message_holds open_keys receipt_holds);
use Waymark::Wire qw(read_json shaped);

my $ITEMS_MOST    = 64;
my $PUSH_BYTES    = 1_048_576;
my $ENVELOPE_ROOM = 256;
my $FRAME_ROOM    = 4_096;
my $MANIFEST_MOST = 256;
my $PULL_LIMIT    = 100;
my $PASS_MOST     = 1_000;
my $ROUNDS_MOST   = 2;
my $AHEAD_MOST_MS = 30 * 3_600_000;
my $COME_BY_MS    = 6 * 3_600_000;
my $BUILD         = 'waymark-perl/1';

sub new ($class, $home, $network) {
    return bless {home => $home, queue => $home->{queue}, network => $network, sent => 0, messages => 0, requests => 0}, $class;
}

sub now_ms () { return int Time::HiRes::time() * 1000 }

# A person asks for it now: what is waited for is set aside, once. Never dies for what a network does.
sub pass ($self) {
    $self->{queue}->change(sub ($facts) {
        return ['keep', 'not_before', 0], map { ['set', $_->{item_id}, next_try => 0] } _queued($facts);
    });
    my $through = $self->_push_all && $self->_ask_after_retained;
    # What got no answer may have arrived: then the feed has the receipt.
    $self->_pull_all if $through || $self->{silent};
    return $self;
}

# --- push

# 1 once nothing is due; 0 when the pass is over.
sub _push_all ($self) {
    my $greeted = 0;
    while ($self->{requests}++ < $PASS_MOST) {
        return $self->_over('pausing') if $self->_pausing;
        my @batch = $self->_batch;
        return 1 if !@batch && $greeted;
        $greeted = 1;
        return 0 if !$self->_push(@batch);
    }
    return 0;
}

sub _over ($self, $why) {
    $self->{problem} //= $why;
    return 0;
}

sub _pausing ($self) {
    my $left = ($self->{queue}->facts->{kept}{not_before} // 0) - now_ms();
    return $left > 0 && $left <= $AHEAD_MOST_MS;
}

sub _queued ($facts) { return grep { $_->{state} eq 'queued' } values $facts->{items}->%* }

# Of one device, as many as each of them allows, within a push's bytes. What a fault has parted goes last.
sub _batch ($self) {
    my $now = now_ms();
    my @due = sort { $b->{companions} <=> $a->{companions} || $a->{made_at} cmp $b->{made_at} || $a->{seq} <=> $b->{seq} }
        grep { $_->{next_try} <= $now || $_->{next_try} > $now + $AHEAD_MOST_MS } _queued($self->{queue}->facts);
    my ($room, @batch) = ($PUSH_BYTES - $FRAME_ROOM);
    for my $item (@due) {
        next if $item->{device_id} ne $due[0]{device_id};
        # JSON carries four letters for three bytes, and the limit is on what is sent.
        $room -= $ENVELOPE_ROOM + length($item->{header}) + length $item->{sealed};
        last if @batch && ($room < 0 || @batch >= $item->{companions} || @batch >= $ITEMS_MOST);
        push @batch, $item;
    }
    return @batch;
}

# 1 to go on, 0 when the pass is over.
sub _push ($self, @batch) {
    my $seen    = $self->{queue}->facts->{kept}{incarnation};
    my $own     = $self->{home}{identity}{device_id};
    my $sender  = @batch ? $batch[0]{device_id} : $own;
    my $request = {
        v => 1, device_id => $sender, incarnation_seen => $seen, app_build => $BUILD, caps => ['receipt', 'ack', 'message'],
        items => [map { {$_->%{qw(header sealed sha256 sig)}} } @batch],
        $sender eq $own ? (queue => $self->_queue_state) : (),
    };
    my $answer = $self->_believed($self->{network}->ask('PushResponse', "$self->{home}{service}/sync/v1/push", $request));
    return $self->_failed($answer, @batch) if !$answer->{message};
    return $self->_settle($answer->{message}, $seen, @batch);
}

sub _queue_state ($self) {
    my $identity = $self->{home}{identity};
    my @own      = grep { $_->{device_id} eq $identity->{device_id} && $_->{epoch} eq $identity->{epoch} }
        values $self->{queue}->facts->{items}->%*;
    my @queued = grep { $_->{state} eq 'queued' } @own;
    my %kids   = map { (header_of(from_base64url($_->{header})) // {})->{kid} // '' => 1 } @queued;
    my ($max)  = sort { $b <=> $a } 0, map { $_->{seq} } @own;
    my ($oldest) = sort { $a <=> $b } map { $_->{made_ms} } @queued;
    my $age_s = defined $oldest ? int((now_ms() - $oldest) / 1000) : 0;
    return {
        epoch => $identity->{epoch}, max_seq => $max, queued => scalar @queued, oldest_age_s => $age_s < 0 ? 0 : $age_s,
        kids => [grep { length } (sort keys %kids)[0 .. (keys %kids > 16 ? 15 : keys(%kids) - 1)]],
        device_time => now_ms(), storage => 'durable',
    };
}

# The answer, if the service's keys stand behind it; a newer set is fetched once.
sub _believed ($self, $answer) {
    my $message = $answer->{message} or return $answer;
    my $holds = receipt_believed($message, $self->_keys) // (receipt_believed($message, $self->_newer_keys) // 0);
    return $holds ? $answer : {kind => 'none', reason => 'not_the_service'};
}

sub _settle ($self, $response, $seen, @batch) {
    my @raw   = map { _raw($_) } @batch;
    my @fates = settled(\@raw, $response);
    my $taken = $self->{queue}->change(sub ($facts) {
        my @steps = _lineage($facts, $response->{incarnation}, $seen) or return;
        my %again = map { $_->[1] => 1 } grep { $_->[0] eq 'set' } @steps;
        for my $index (0 .. $#batch) {
            my $item = $facts->{items}{$batch[$index]{item_id}};
            push @steps, _fate($item, $fates[$index], $again{$item->{item_id}});
        }
        push @steps, ['keep', 'challenge', $response->{challenge}];
        push @steps, ['keep', 'not_before', _after(wait_s(0, $response->{backoff_s}))] if $response->{backoff_s};
        return @steps;
    });
    return 1 if !$taken;
    $self->{sent} += grep { $_->{is} eq 'stored' } @fates;
    my $held = $self->_keys->{issued_at};
    $self->_newer_keys if ($response->{keys_issued_at} // 0) > $held;
    return 1;
}

# Steps that bring the queue to this lineage. None at all: the answer is late, and set aside as a whole.
sub _lineage ($facts, $incarnation, $seen) {
    my $kept = $facts->{kept}{incarnation};
    return ['keep', 'incarnation', $incarnation] if defined $kept && $kept eq $incarnation;
    return if defined $kept && $kept ne ($seen // '');
    my @again = grep { $_->{state} =~ /\A(?:receipted|quarantined)\z/ && ($_->{incarnation} // '') ne $incarnation }
        values $facts->{items}->%*;
    return ['keep', 'incarnation', $incarnation], ['keep', 'cursor', ''],
        map { ['set', $_->{item_id}, _fresh()] } @again;
}

sub _fresh () {
    return (state => 'queued', attempts => 0, companions => $ITEMS_MOST, alone => 0, next_try => 0, problem => '');
}

sub _fate ($item, $fate, $again) {
    if ($fate->{is} eq 'stored') {
        return if !$again && $item->{state} !~ /\A(?:queued|quarantined)\z/;
        return _receipted($item, $fate->{result}, $fate->{receipt});
    }
    return if !$again && $item->{state} ne 'queued';
    return ['set', $item->{item_id}, state => 'quarantined', problem => $fate->{reason}] if $fate->{is} eq 'damaged';
    return _postponed($item, $fate, 1, $item->{companions}) if $fate->{is} eq 'doubted';
    return _postponed($item, $fate, 0, $item->{companions});
}

# Under its own receipt alone bytes are let go of: once every backup that may be restored holds them, or it was erased.
sub _receipted ($item, $result, $receipt) {
    my %proof = (
        result  => {$result->%{qw(item_id index verdict pos)},
            leaf => {$result->{leaf}->%{qw(index size)}, path => [map { to_base64url($_) } $result->{leaf}{path}->@*]}},
        receipt => {%$receipt, root => to_base64url($receipt->{root}), sig => to_base64url($receipt->{sig})},
    );
    my $gone = $result->{gone} || $receipt->{restore_floor} >= $result->{pos};
    my @gone = $gone ? (state => 'tombstone', sealed => undef) : (state => 'receipted');
    return ['set', $item->{item_id}, receipt => \%proof, incarnation => $receipt->{incarnation}, pos => $result->{pos},
        next_try => 0, problem => '', @gone];
}

sub _postponed ($item, $fate, $alone, $companions) {
    my $failed = $item->{alone} + ($alone ? 1 : 0);
    my $wait_s = wait_s($item->{attempts}, $fate->{floor_s} // 0);
    my $daily  = suspect_after($failed);
    $wait_s = $daily if $daily > $wait_s;
    return ['set', $item->{item_id}, attempts => $item->{attempts} + 1, companions => $companions, alone => $failed,
        next_try => _after($wait_s), problem => $fate->{reason}];
}

sub _after ($wait_s) { return now_ms() + int($wait_s * 1000) }

# Nothing was settled. 1 where it goes on at once, with fewer.
sub _failed ($self, $answer, @batch) {
    my $kind   = $answer->{kind};
    $self->{silent} = 1 if $answer->{unsure} || $answer->{reason} eq 'not_the_service';
    # One that is too large by itself cannot be halved: then it failed alone.
    my $halves = $kind =~ /\A(?:halve|fault)\z/;
    my $alone  = $halves && @batch == 1 && !$answer->{unsure};
    my $half   = @batch > 1 ? int((@batch + 1) / 2) : 1;
    $self->{queue}->change(sub ($facts) {
        my @steps;
        for my $item (map { $facts->{items}{$_->{item_id}} } @batch) {
            next if $item->{state} ne 'queued';
            if ($kind eq 'halve' && @batch > 1) { push @steps, ['set', $item->{item_id}, companions => $half]; next }
            push @steps, _postponed($item, $answer, $alone, $halves ? $half : $item->{companions});
        }
        push @steps, ['keep', 'not_before', _after(wait_s(0, $answer->{floor_s}))] if $answer->{floor_s};
        return @steps;
    });
    return 1 if $kind eq 'halve' && @batch > 1;
    return $self->_over($answer->{reason});
}

# --- what is retained

# 1 to go on, 0 when the pass is over.
sub _ask_after_retained ($self) {
    for my $round (1 .. $ROUNDS_MOST) {
        my ($after, $missing) = ('', 0);
        while (my @page = $self->_retained($after)) {
            my $answer = $self->_manifest(@page);
            return $self->_over($answer->{reason}) if !$answer->{message};
            $missing += $answer->{message}{missing}->@*;
            $after = $page[-1]{device_id} . $page[-1]{item_id};
        }
        # A new lineage has put everything back to queued, without a word of what is missing.
        return 1 if !$missing && !_queued($self->{queue}->facts);
        return 0 if !$self->_push_all;
    }
    return 1;
}

sub _retained ($self, $after) {
    my @held = sort { $a->{device_id} cmp $b->{device_id} || $a->{item_id} cmp $b->{item_id} }
        grep { $_->{state} eq 'receipted' && $_->{device_id} . $_->{item_id} gt $after }
        values $self->{queue}->facts->{items}->%*;
    my @page = grep { $_->{device_id} eq $held[0]{device_id} } @held;
    return splice @page, 0, $MANIFEST_MOST;
}

sub _manifest ($self, @page) {
    my $seen    = $self->{queue}->facts->{kept}{incarnation};
    my $request = {
        v => 1, device_id => $page[0]{device_id}, incarnation_seen => $seen,
        retained => [map { {id => $_->{item_id}, sha256 => $_->{sha256}, pos => $_->{pos}} } @page],
    };
    $self->{requests}++;
    my $url    = "$self->{home}{service}/sync/v1/manifest";
    my $answer = $self->_believed($self->{network}->ask('ManifestResponse', $url, $request));
    my $message = $answer->{message} or return $answer;
    return {kind => 'none', reason => 'not_the_service'} if !_manifest_holds($message, @page);
    my %missing = map { $_ => 1 } $message->{missing}->@*;
    $self->{queue}->change(sub ($facts) {
        my @steps = _lineage($facts, $message->{incarnation}, $seen) or return;
        for my $asked (@page) {
            my $item = $facts->{items}{$asked->{item_id}};
            next if $item->{state} ne 'receipted' || $item->{pos} != $asked->{pos};
            if ($missing{$item->{item_id}}) { push @steps, ['set', $item->{item_id}, _fresh()]; next }
            next if $item->{incarnation} ne $message->{incarnation} || $message->{receipt}{restore_floor} < $item->{pos};
            push @steps, ['set', $item->{item_id}, state => 'tombstone', sealed => undef];
        }
        return @steps;
    });
    return $answer;
}

sub _manifest_holds ($message, @page) {
    my %missing = map { $_ => 1 } $message->{missing}->@*;
    my @leaves  = map { leaf_of($_->{item_id}, from_base64url($_->{sha256}), $_->{pos}, 'held') }
        grep { !$missing{$_->{item_id}} } @page;
    return !$message->{receipt} && !@leaves if !$message->{receipt} || !@leaves;
    return $message->{receipt}{root} eq merkle_root(@leaves);
}

# --- pull

sub _pull_all ($self) {
    while ($self->{requests}++ < $PASS_MOST) {
        my $answer = $self->_pull;
        $answer = $self->_pull if ($answer->{status} // 0) == 401 && $self->_challenged($answer);
        my $page = $answer->{message} or return $self->_over($answer->{reason});
        return $self->_over('not_the_service') if !$self->_messages_hold($page);
        $self->_keep($page, $answer->{seen});
        last if !$page->{more};
    }
    return 1;
}

sub _pull ($self) {
    my $facts = $self->{queue}->facts;
    my ($challenge, $cursor, $seen) = map { $facts->{kept}{$_} // '' } qw(challenge cursor incarnation);
    my $identity = $self->{home}{identity};
    my $signed   = join "\n", "$LABEL/pull", $identity->{device_id}, $challenge, $cursor, $PULL_LIMIT;
    my $headers  = {
        'waymark-device'    => $identity->{device_id},
        'waymark-challenge' => $challenge,
        'waymark-signature' => to_base64url(sign($identity->{sign_key}, $signed)),
    };
    my $url = "$self->{home}{service}/sync/v1/pull?cursor=$cursor&limit=$PULL_LIMIT";
    return {$self->{network}->ask('PullResponse', $url, undef, $headers)->%*, seen => $seen};
}

sub _challenged ($self, $answer) {
    my $challenge = $answer->{headers}{'waymark-challenge'} // return 0;
    $self->{queue}->change(sub ($facts) { ['keep', 'challenge', $challenge] });
    return 1;
}

# Each message of the page, or the page is nobody's.
sub _messages_hold ($self, $page) {
    my $feed = $self->{home}{identity}{device_id};
    for my $message ($page->{messages}->@*) {
        my $holds = message_holds($feed, $message, $self->_keys) // message_holds($feed, $message, $self->_newer_keys);
        return 0 if !$holds;
    }
    return 1;
}

sub _keep ($self, $page, $seen) {
    $self->{queue}->change(sub ($facts) {
        my @steps = _lineage($facts, $page->{incarnation}, $seen) or return;
        for my $message ($page->{messages}->@*) {
            push @steps, ['message', {$message->%{qw(id pos kind kid)}, sealed => to_base64url($message->{sealed})}];
        }
        return @steps, _receipts($self, $facts, $page), ['keep', 'cursor', $page->{cursor}], ['keep', 'challenge', $page->{challenge}];
    });
    $self->{messages} += $page->{messages}->@*;
    return;
}

# A receipt that came through the feed counts like one that came at once, if it is of this lineage.
sub _receipts ($self, $facts, $page) {
    my @steps;
    for my $message (grep { $_->{kind} eq 'receipt' } $page->{messages}->@*) {
        my $body = eval { shaped('ReceiptBody', open_message($self->{home}{identity}, $message)) } or next;
        my $item = $facts->{items}{$body->{item_id}} // next;
        next if $item->{state} !~ /\A(?:queued|quarantined)\z/ || $body->{receipt}{incarnation} ne $page->{incarnation};
        next if !receipt_holds($body->{receipt}, $self->_keys);
        next if !covered($body->{receipt}, $body->{result}, $item->{item_id}, from_base64url($item->{sha256}));
        push @steps, _receipted($item, $body->{result}, $body->{receipt});
    }
    return @steps;
}

# What a message says, or undef. `sealed` in raw bytes.
sub open_message ($identity, $message) {
    my $info = join "\n", "$LABEL/message", $identity->{device_id}, $message->{id}, $message->{kind};
    utf8::encode($info);
    my $padded = open_sealed($identity->{seal_key}, $info, $message->{sealed});
    return read_json(unpad($padded) // '');
}

# --- keys

# The newest set that the root signed.
sub _keys ($self) {
    return $self->{keys} //= newest_keys($self->{home});
}

sub newest_keys ($home) {
    my $kept = $home->{queue}->facts->{kept}{keyset};
    my $held = $kept && open_keys(shaped('SignedKeySet', $kept), $home->{root});
    return $held && $held->{issued_at} > $home->{pinned}{issued_at} ? $held : $home->{pinned};
}

# Fetched at most once a pass. Never an older set, and never one that the root did not sign.
sub _newer_keys ($self) {
    return $self->_keys if $self->{fetched}++;
    my $signed = $self->{network}->ask('SignedKeySet', "$self->{home}{service}/sync/v1/keys")->{message} or return $self->_keys;
    my $keys   = open_keys($signed, $self->{home}{root}) or return $self->_keys;
    return $self->_keys if $keys->{issued_at} <= $self->_keys->{issued_at};
    my %kept = map { $_ => to_base64url($signed->{$_}) } qw(payload sig);
    $self->{queue}->change(sub ($facts) { ['keep', 'keyset', \%kept] });
    return $self->{keys} = $keys;
}

sub _raw ($item) {
    return {item_id => $item->{item_id}, map { $_ => from_base64url($item->{$_} // '') } qw(header sealed sha256 sig)};
}

# When to try again, in milliseconds since 1970 by this machine's clock; undef when nothing calls for it.
sub again_at_ms ($self) {
    my ($now, $facts) = (now_ms(), $self->{queue}->facts);
    my @next = sort { $a <=> $b } map { $_->{next_try} } _queued($facts);
    if (@next) {
        my $at = $next[0] > $now + $AHEAD_MOST_MS ? $now : $next[0];
        my $pause = $self->_pausing ? $facts->{kept}{not_before} : 0;
        my ($latest) = sort { $b <=> $a } $at, $pause, $now + 1_000;
        return $latest;
    }
    return $now + $COME_BY_MS if grep { $_->{state} eq 'receipted' } values $facts->{items}->%*;
    return undef;
}

1;
