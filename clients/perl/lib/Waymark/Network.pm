package Waymark::Network;

# Asks the service, in JSON. Whatever goes wrong is an answer, too: nothing here dies for what a network does.

use v5.36;
use HTTP::Tiny ();
use Waymark::Answer qw(status_says);
use Waymark::Wire qw(read_message to_json $JSON);

my $TIMEOUT_S   = 60;
my $ANSWER_MOST = 16 * 1_048_576;

sub new ($class) {
    my $http = HTTP::Tiny->new(
        timeout => $TIMEOUT_S, max_redirect => 0, max_size => $ANSWER_MOST, verify_SSL => 1, keep_alive => 0,
        agent => 'waymark-sync-perl/1 ',
    );
    return bless {http => $http}, $class;
}

# {message} when it is one of that name; otherwise {kind, reason, floor_s} of Waymark::Answer. {headers} if any came.
sub ask ($self, $name, $url, $body = undef, $headers = {}) {
    my %options = (headers => {%$headers, 'accept' => $JSON});
    if (defined $body) {
        $options{content} = to_json($body);
        $options{headers}{'content-type'} = $JSON;
    }
    my $reply = $self->{http}->request(defined $body ? 'POST' : 'GET', $url, \%options);
    return _silence($reply) if $reply->{status} == 599;
    my $says = {status_says($reply->{status}, $reply->{headers})->%*, status => $reply->{status}, headers => $reply->{headers}};
    return $says if $says->{kind} ne 'ok';
    my $message = read_message($name, $reply->{content}, $reply->{headers}{'content-type'} // '');
    return {%$says, message => $message} if $message;
    return {%$says, kind => 'none', reason => 'not_the_service'};
}

# Nobody was reached: no network, and no blame. Or cut off: perhaps stored, perhaps not.
sub _silence ($reply) {
    return {kind => 'none', reason => 'no_network', headers => {}} if $reply->{content} =~ /\ACould not connect|\ACould not resolve/;
    return {kind => 'fault', reason => 'no_answer', unsure => 1, headers => {}};
}

1;
