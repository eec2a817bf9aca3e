#!/usr/bin/perl

# This client against the vectors. Run: prove -Ilib t   (WAYMARK_VECTORS: where they lie)

use v5.36;
use Digest::SHA qw(sha256);
use File::Temp qw(tempdir);
use Test::More;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Waymark::Bytes qw(from_base64url to_base64url);
use Waymark::Item qw(header_of is_sound reference_of);
use Waymark::Kiosk ();
use Waymark::Msgpack qw(unpack_value);
use Waymark::Network ();
use Waymark::Queue ();
use Waymark::Seal qw(key_from open_sealed pad point_of seal sign signature_holds unpad $LABEL);
use Waymark::Sender ();
use Waymark::Trust qw(covered leaf_of merkle_root message_holds open_keys receipt_holds receipt_text root_from);
use Waymark::Wire qw(read_json shaped to_json);

my $FOLDER = $ENV{WAYMARK_VECTORS} // "$FindBin::Bin/../../../sync/vectors";

sub vectors ($name) {
    open my $file, '<:raw', "$FOLDER/$name.json" or die "$FOLDER/$name.json: $!";
    return read_json(do { local $/; <$file> });
}

sub b ($text) { return from_base64url($text) // die "not base64url: $text" }

subtest padding => sub {
    my $v = vectors('padding');
    for my $case ($v->{padded}->@*) {
        my $padded = pad('a' x $case->{length});
        is(length $padded, $case->{total}, "$case->{length} bytes");
        is(to_base64url(sha256($padded)), $case->{sha256});
        is(unpad($padded), 'a' x $case->{length});
    }
    ok(!defined eval { pad('a' x $_) }, "$_ bytes cannot be sent") for $v->{too_long}->@*;
    for my $case ($v->{must_not_unpad}->@*) {
        my $start = b($case->{start});
        is(unpad($start . "\0" x ($case->{total} - length $start)), undef, $case->{name});
    }
    my $mark = $v->{ends_in_a_mark};
    is(pad(b($mark->{plain})), b($mark->{padded_start}) . "\0" x ($mark->{total} - length b($mark->{padded_start})));
};

subtest envelope => sub {
    my $v   = vectors('envelope');
    my $own = key_from(b($v->{service_key}{d}));
    is(point_of($own), b($v->{service_key}{public}), 'public half');
    for my $case ($v->{envelopes}->@*) {
        my ($header, $sealed) = map { b($case->{$_}) } qw(header sealed);
        is($LABEL . $header, b($case->{info}), 'info');
        is(unpad(open_sealed($own, $LABEL . $header, $sealed)), encode($case->{body}), "$case->{name} opens");
        is(to_base64url(sha256($header . $sealed)), $case->{sha256}, 'sha256');
        ok(signature_holds(b($case->{signer}), "$LABEL/item" . b($case->{sha256}), b($case->{sig})), 'signature');
        is(header_of($header)->{item_id}, $case->{header_fields}{item_id}, 'header');
        my $again = seal(point_of($own), $LABEL . $header, pad(encode($case->{body})));
        is(unpad(open_sealed($own, $LABEL . $header, $again)), encode($case->{body}), 'what is sealed here opens');
        is(length $again, length $sealed);
    }
    for my $case ($v->{must_not_open}->@*) {
        my $plain = open_sealed($own, $LABEL . b($case->{header}), b($case->{sealed}));
        ok(!defined $plain || !defined unpad($plain), $case->{name});
    }
};

subtest keyset => sub {
    my $v    = vectors('keyset');
    my $root = b($v->{root});
    my $open = sub ($signed) { open_keys({payload => b($signed->{payload}), sig => b($signed->{sig})}, $root) };
    is_deeply($open->($v->{valid}), shaped('KeySet', $v->{keys}), 'valid');
    ok($open->($v->{newer})->{issued_at} > $open->($v->{valid})->{issued_at}, 'newer');
    is($open->($_), undef, $_->{name}) for $v->{invalid}->@*;
};

subtest receipt => sub {
    my $v    = vectors('receipt');
    my $keys = shaped('KeySet', $v->{keys});
    for my $case ($v->{valid}->@*) {
        my $receipt = shaped('Receipt', $case->{receipt});
        is(receipt_text($receipt), b($case->{text}), "$case->{name}: text");
        is(receipt_holds($receipt, $keys), 1, $case->{name});
    }
    for my $case ($v->{invalid}->@*) {
        my $receipt = eval { shaped('Receipt', $case->{receipt}) };
        ok(!$receipt || !receipt_holds($receipt, $keys), $case->{name});
    }
    my $check = sub ($case) {
        my $result = eval { shaped('ItemResult', $case->{result}) } or return 0;
        my $id = $case->{item_id} // $result->{item_id};
        return covered(shaped('Receipt', $case->{receipt}), $result, $id, b($case->{sha256}), b($case->{sig}));
    };
    ok($check->($_), 'covered') for $v->{covered}->@*;
    ok(!$check->($_), $_->{name}) for ($v->{not_covered} // [])->@*;
};

subtest merkle => sub {
    my $v      = vectors('merkle');
    my @leaves = map { leaf_of($_->{item_id}, b($_->{sha256}), $_->{pos}, $_->{verdict}, b($_->{sig})) } $v->{leaves}->@*;
    is($leaves[$_], b($v->{leaves}[$_]{bytes}), "leaf $_") for 0 .. $#leaves;
    for my $tree ($v->{trees}->@*) {
        my $size = $tree->{size};
        is(merkle_root(@leaves[0 .. $size - 1]), b($tree->{root}), "root of $size");
        for my $index (0 .. $size - 1) {
            my @path = map { b($_) } $tree->{paths}[$index]->@*;
            is(root_from($leaves[$index], $index, $size, \@path), b($tree->{root}), "path $index of $size");
        }
    }
    for my $case ($v->{impossible}->@*) {
        my @path = map { b($_) } $case->{path}->@*;
        is(root_from($leaves[0], $case->{index}, $case->{size}, \@path), undef, $case->{name});
    }
};

subtest signature => sub {
    my $v = vectors('signature');
    my $holds = sub ($case) { signature_holds(b($v->{public}), b($case->{text}), b($case->{sig})) };
    ok($holds->($_), $_->{name}) for $v->{valid}->@*;
    ok(!$holds->($_), $_->{name}) for $v->{invalid}->@*;
    ok(!key_from(b($_)), 'no point') for $v->{no_points}->@*;
};

subtest message => sub {
    my $v    = vectors('message');
    my $keys = shaped('KeySet', $v->{keys});
    my $own  = key_from(b($v->{feed_key}{d}));
    for my $case ($v->{messages}->@*, $v->{retired_key}) {
        my $message = shaped('Message', $case);
        is(message_holds($v->{feed_id}, $message, $keys), 1, "$case->{kind} by $case->{kid}");
        my $info = join "\n", "$LABEL/message", $v->{feed_id}, $message->{id}, $message->{kind};
        my $body = unpad(open_sealed($own, $info, $message->{sealed}));
        is($body, encode($case->{body}), 'opens') if $case->{body};
    }
    for my $case ($v->{must_not_open}->@*) {
        my $info = join "\n", "$LABEL/message", $case->{feed_id} // $v->{feed_id}, $case->{id}, $case->{kind};
        is(unpad(open_sealed($own, encode($info), b($case->{sealed}))), undef, "$case->{name} does not open");
    }
    for my $case ($v->{must_not_verify}->@*) {
        my $message = eval { shaped('Message', $case) };
        ok(!$message || !message_holds($case->{feed_id} // $v->{feed_id}, $message, $keys), $case->{name});
    }
};

subtest reference => sub {
    is(reference_of($_->{item_id}), $_->{reference}) for vectors('reference')->{references}->@*;
};

subtest codec => sub {
    my $v = vectors('codec');
    my %read = map { $_ => 1 } qw(PushResponse PullResponse SignedKeySet KeySet ExportedQueue);
    for my $case (grep { $read{$_->{type}} } $v->{messages}->@*) {
        my $from_msgpack = shaped($case->{type}, unpack_value(b($case->{msgpack})));
        is_deeply($from_msgpack, shaped($case->{type}, $case->{json}), "$case->{type} in both forms");
    }
};

# A service that gives one answer to what is posted, and its keys to whoever asks.
package Canned {
    sub new ($class, $reply, $keyset) { return bless {reply => $reply, keyset => $keyset}, $class }

    sub request ($self, $method, $url, $options) {
        return $self->{reply} if $method eq 'POST';
        my $keys = $url =~ m{/sync/v1/keys\z} ? $self->{keyset} : undef;
        return {status => 599, headers => {}, content => 'Could not connect'} if !$keys;
        return {status => 200, headers => {'content-type' => 'application/json'}, content => $keys};
    }
}

# One who sends `rows` and hears `reply`: the real queue on a disk, and the real reading of answers.
sub sender_of ($v, $reply, @rows) {
    my $queue = Waymark::Queue->new(tempdir(CLEANUP => 1) . '/queue.log');
    $queue->change(sub ($facts) {
        return ['keep', 'incarnation', $v->{incarnation_seen}], map { ['item', $_] } @rows;
    });
    my $keys = open_keys(shaped('SignedKeySet', $v->{keyset}), b($v->{root}));
    my $home = {
        queue => $queue, root => b($v->{root}), pinned => $keys, service => 'http://service',
        identity => {device_id => $v->{device_id}, epoch => '0' x 16},
    };
    my $network = Waymark::Network->new;
    $network->{http} = Canned->new($reply, to_json($v->{keyset}));
    return Waymark::Sender->new($home, $network);
}

subtest push_answers => sub {
    my $v = vectors('push_answers');
    for my $case ($v->{cases}->@*) {
        my $name   = $case->{name};
        my %spoilt = map { $_ => 1 } ($case->{damaged} // [])->@*;
        my @rows   = map { sent_row($_, $spoilt{$_->{item_id}}) } $v->{items}->@*;
        my $reply  = {$case->%{qw(status headers)}, content => b($case->{body})};
        my $sender = sender_of($v, $reply, @rows);
        my $before = Waymark::Sender::now_ms();
        my $goes_on = $sender->_push(@rows);
        my ($items, $kept) = $sender->{queue}->facts->@{qw(items kept)};
        my @ids = map { $_->{item_id} } $v->{items}->@*;
        is_deeply([map { $items->{$_}{state} } @ids], $case->{then}, $name);
        is($sender->{problem} // '', 'not_the_service', "$name: nothing came") if $case->{answer} eq 'network_error';
        isnt($sender->{problem} // '', 'not_the_service', "$name: understood") if $case->{answer} ne 'network_error';
        my %together = map { $items->{$_}{companions} => 1 } @ids;
        is_deeply([keys %together], [$case->{batch} eq 'halve' ? 2 : 64], "$name: batch");
        my %blamed = map { $_ => 1 } ($case->{blamed} // [])->@*;
        for my $id (@ids) {
            is($items->{$id}{alone}, $blamed{$id} ? 1 : 0, "$name: blame");
            my $floor_s = $case->{item_floor_s}{$id} // $case->{floor_s};
            ok($items->{$id}{next_try} >= $before + $floor_s * 1000, "$name: floor") if $floor_s;
        }
        is($kept->{incarnation}, $case->{incarnation} // $v->{incarnation_seen}, "$name: lineage");
        my ($pause_s) = sort { $b <=> $a } $case->{floor_s}, $case->{backoff_s} // 0;
        ok(($kept->{not_before} // 0) >= $before + $pause_s * 1000, "$name: pause") if $pause_s;
    }
};

sub sent_row ($told, $spoilt) {
    my %envelope = map { $_ => b($told->{$_}) } qw(header sealed sha256 sig);
    substr($envelope{sealed}, -1) ^.= "\x01" if $spoilt;
    return Waymark::Kiosk::_row(\%envelope, '2026-01-01T00:00:00.000Z');
}

subtest manifest => sub {
    my $v     = vectors('manifest');
    my $asked = $v->{request};
    my $about = {%$v, $asked->%{qw(device_id incarnation_seen)}, root => vectors('push_answers')->{root}};
    for my $held ($v->{held}->@*) {
        my %missing = map { $_ => 1 } $held->{missing}->@*;
        my @leaves  = map { leaf_of($_->{id}, b($_->{sha256}), $_->{pos}, 'held') }
            grep { !$missing{$_->{id}} } $asked->{retained}->@*;
        is_deeply([map { to_base64url($_) } @leaves], $held->{leaves}, "$held->{name}: leaves");
        is(to_base64url(merkle_root(@leaves)), $held->{root}, "$held->{name}: root") if @leaves;
    }
    for my $case ($v->{answers}->@*) {
        my @page = map { retained_row($_, $asked) } $asked->{retained}->@*;
        my $reply = {status => 200, headers => {'content-type' => 'application/json'}, content => to_json($case->{answer})};
        my $sender = sender_of($about, $reply, @page);
        my $answer = $sender->_manifest(@page);
        is($answer->{message} ? 1 : 0, $case->{believed} ? 1 : 0, $case->{name});
        my $items = $sender->{queue}->facts->{items};
        for (['queued', 'again'], ['tombstone', 'let_go']) {
            my ($state, $list) = @$_;
            my @found = sort grep { $items->{$_}{state} eq $state } keys %$items;
            is_deeply(\@found, [sort $case->{$list}->@*], "$case->{name}: $list");
        }
    }
};

sub retained_row ($told, $asked) {
    return {
        $told->%{qw(sha256 pos)}, item_id => $told->{id}, device_id => $asked->{device_id}, state => 'receipted',
        incarnation => $asked->{incarnation_seen}, sealed => '',
    };
}

sub encode ($text) { utf8::encode($text); return $text }

done_testing;
